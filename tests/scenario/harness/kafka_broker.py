"""A private Kafka broker: one JVM, broker and controller in one (KRaft), in a folder of its own."""

import base64
import subprocess
import uuid

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from .certificates import Authority
from .kafka_jars import find_jars
from .process import Process, WaitTimeout, free_port, wait_until

# One broker holds everything; few partitions keep its start short. Sessions may be short too, so
# that a test need not wait the default 6 s for a dead owner to be noticed. Who comes without TLS is
# nobody in particular, and may do everything; who comes with it may do what ACLs allow. Whoever has
# come with a password is asked for it anew by and by: they are dropped, and come again.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{behind_proxy_port},\
MUTUAL://127.0.0.1:{mutual_port},SCRAM://127.0.0.1:{scram_port},\
CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{proxy_port},\
MUTUAL://localhost:{mutual_port},SCRAM://localhost:{scram_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT,\
MUTUAL:SSL,SCRAM:SASL_SSL
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={certificate}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
listener.name.mutual.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.scram.scram-sha-512.connections.max.reauth.ms=2000
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""
JAVA_OPTIONS = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true"]  # fmt: skip
START_SECONDS = 180  # five at rest, but on a busy machine the compiler of the JVM gets hardly a turn


class Broker:
    def __init__(self, version, folder):
        """Starts Kafka `version` in `folder` and waits until it answers."""
        self.version = version
        self.folder = folder
        self.jars = find_jars(version)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        # Who bootstraps here is sent through the proxy (fault_proxy.py) ever after.
        self.proxy_port, self.behind_proxy_port = free_port(), free_port()
        self.proxied_address = f"127.0.0.1:{self.proxy_port}"
        # By certificate, and by user and password: the name is what the broker's certificate says.
        self.mutual_port, self.scram_port = free_port(), free_port()
        self.mutual_address = f"localhost:{self.mutual_port}"
        self.scram_address = f"localhost:{self.scram_port}"
        self.authority = Authority(folder / "certificates")
        self.settings_path = folder / "server.properties"
        self.settings_path.write_text(
            SETTINGS.format(
                port=self.port,
                proxy_port=self.proxy_port,
                behind_proxy_port=self.behind_proxy_port,
                controller_port=free_port(),
                mutual_port=self.mutual_port,
                scram_port=self.scram_port,
                certificate=self.authority.issue("broker").both,
                authority=self.authority.certificate,
                folder=folder,
            )
        )
        self._format_storage()
        self.process = Process(self._java("kafka.Kafka", self.settings_path), folder / "broker.log")
        self.admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        try:
            wait_until(self._answers, START_SECONDS, f"Kafka {version} answers", pause=0.2)
        except BaseException:
            self.stop()  # nobody else knows of it
            raise

    def _java(self, main_class, *arguments):
        return ["java", *JAVA_OPTIONS, "-cp", f"{self.jars}/*", main_class, *arguments]

    def _format_storage(self):
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One word with its option: an id may begin with "-".
        command = self._java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}",
                             "-c", str(self.settings_path))  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert result.returncode == 0, f"formatting Kafka's storage failed:\n{result.stderr}"

    def _answers(self):
        if not self.process.is_running():
            raise WaitTimeout(
                f"Kafka {self.version} ended at its start:\n{self.process.log_tail()}"
            )
        try:
            return self.admin.list_topics(timeout=2).brokers
        except KafkaException:
            return None

    def stop(self):
        self.process.kill()  # its data go with the folder: nothing to save
