#!/bin/sh
# Becomes the first process of a system in namespaces of its own: boot.sh ROOT SCRATCH, by
# `unshare --mount --uts --ipc --pid --cgroup --fork`. ROOT is only read: what the system writes lies in
# memory, and is gone with it, as are its mounts. SCRATCH is an empty folder. The network is the host's.
set -eu
root=$1 scratch=$2

mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"

mount -t proc proc proc
# The kernel's settings are the host's.
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755,dev tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done

pivot_root . mnt
# Shared, as systemd hands credentials to its services by mounts; it makes that so itself only where it is
# not told that it runs in a container.
# shellcheck disable=SC2016
exec chroot . sh -c 'umount -l /mnt && mount --make-rshared / &&
    exec env -i container=aro PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=multi-user.target' </dev/null
