"""Redis by its socket, with the user of docs/board.md: enough, and nothing stops when it is not."""

from harness import events
from harness.daemon import ROOT

USER = "ACL SETUSER appeal-router "


def documented_rights(prefix):
    """As the manual has them, for keys that begin with `prefix`."""
    manual = (ROOT / "docs" / "board.md").read_text().splitlines()
    (line,) = [line for line in manual if line.startswith(USER)]
    return line.removeprefix(USER).replace("~aro:*", f"~{prefix}:*").replace("change-me", "f1rst-word").split()


def test_the_documented_user_keeps_the_board_and_its_limits_stop_no_appeal(world):
    admin = world.redis.client
    admin.execute_command("ACL", "SETUSER", "appeal-router", *documented_rights(world.name))
    world.write_secret("redis-password", "f1rst-word")
    instance = world.start(
        redis={
            "url": f"unix:{world.redis.socket_path}",
            "prefix": world.name,
            "username": "appeal-router",
            "password_file": "redis-password",
        }
    )
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.send("appeals", events.appeals(1))
        watch.wait_count("assignment.created", 1)
        world.assert_faultless()

        admin.delete(f"{world.name}:{{main}}:meta")  # it draws the board anew, as it may
        world.assert_faultless()

        admin.execute_command("ACL", "SETUSER", "appeal-router", "-evalsha")
        world.send("appeals", events.appeals(1, first=1))
        instance.wait_log("no permissions to run the 'evalsha' command")
        world.send("appeals", events.appeals(1, first=2))
        watch.wait_count("assignment.created", 3)

        # It would look again half a minute later; another password is a reason to look at once.
        rights = ["+evalsha", "resetpass", ">s3cond-word"]
        admin.execute_command("ACL", "SETUSER", "appeal-router", *rights)
        world.write_secret("redis-password", "s3cond-word")
        assert instance.ask("reload")["ok"]
        world.assert_faultless()
    assert "f1rst-word" not in instance.log() and "s3cond-word" not in instance.log()
