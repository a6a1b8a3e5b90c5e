package dev.stoa.platform.engine.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.InstanceStatus;
import dev.stoa.platform.engine.PortForwarding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Instances with a network of their own, in each kind of sandbox that can give them one. */
@ParameterizedClass
@EnumSource(names = {"BUBBLEWRAP_AS_ROOT", "NAMESPACES"})
class NetworkTest {
    /** Tells whoever connects who that is. */
    private static final String SERVE = """
            exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0", ReuseAddr => 1,
              LocalPort => %s) or die "cannot listen: $!"; $| = 1; print "ready\\n";
              while ($c = $s->accept) { print $c "hello ", $c->peerhost, "\\n"; close $c }'
            """;

    /** Prints what a server says, or {@code no}. */
    private static final String ASK = """
            perl -MIO::Socket::INET -e '$c = IO::Socket::INET->new(PeerAddr => "%s", PeerPort => %d, Timeout => 1);
              print $c ? <$c> : "no\\n"'
            """;

    private static final InetAddress LOCAL = InetAddress.getLoopbackAddress();

    private final EngineFixture fixture;

    NetworkTest(Sandbox.Kind kind, @TempDir Path base) throws IOException {
        this.fixture = new EngineFixture(base, kind);
    }

    @BeforeEach
    void theMachineGivesNamespaces() {
        assumeTrue(
                fixture.engine().gateway().isPresent(),
                () -> "needs root and network namespaces: apt-get install iproute2");
    }

    @AfterEach
    void end() {
        fixture.close();
    }

    @Test
    void everyInstanceMayHavePort80() throws Exception {
        InstanceStatus one = serving(80);
        InstanceStatus two = serving(80);

        assertThat(ask(one)).startsWith("hello ");
        assertThat(ask(two)).startsWith("hello ");
        assertThat(one.address().orElseThrow().getPort()).isEqualTo(80);
        assertThat(one.address()).isNotEqualTo(two.address());
    }

    @Test
    void instancesDoNotReachEachOtherNorTheMachinesLoopback() throws Exception {
        InetSocketAddress other = serving(80).address().orElseThrow();
        try (ServerSocket machine = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String said = fixture.run(ASK.formatted(other.getAddress().getHostAddress(), 80)
                    + ASK.formatted("127.0.0.1", machine.getLocalPort()));

            assertThat(said).isEqualTo("no\nno\n");
        }
    }

    @Test
    void anotherUserOfTheMachineDoesNotReachAnInstance() throws Exception {
        String address = serving(80).address().orElseThrow().getAddress().getHostAddress();
        String question = ASK.formatted(address, 80);

        assertThat(onTheMachine("sh", "-c", question)).startsWith("hello ");
        assertThat(onTheMachine("setpriv", "--reuid=61234", "--clear-groups", "sh", "-c", question))
                .isEqualTo("no\n");
    }

    @Test
    void theWayOutIsThatOfTheMachine() throws Exception {
        String world = "stoatest" + ProcessHandle.current().pid();
        try {
            ip("netns add " + world);
            ip("link add st-world type veth peer name eth0 netns " + world);
            ip("addr add 198.51.100.1/24 dev st-world");
            ip("link set st-world up");
            ip("-n " + world + " addr add 198.51.100.2/24 dev eth0");
            ip("-n " + world + " link set eth0 up");
            Process server = new ProcessBuilder(
                            "nsenter", "--net=/run/netns/" + world, "sh", "-c", SERVE.formatted("7000"))
                    .start();
            try {
                assertThat(server.inputReader(UTF_8).readLine()).isEqualTo("ready");

                assertThat(fixture.run(ASK.formatted("198.51.100.2", 7000))).isEqualTo("hello 198.51.100.1\n");
            } finally {
                server.destroyForcibly().waitFor();
            }
        } finally {
            ip("netns delete " + world);
        }
    }

    @Test
    void itsNamesLeadToTheGatewayAndCanChangeWhileItRuns() throws Exception {
        InstanceStatus instance = fixture.spec(
                        "while :; do getent hosts one.stoa.internal two.stoa.internal; sleep 0.05; done")
                .names("one.stoa.internal")
                .start();
        String gateway = fixture.engine().gateway().orElseThrow().getHostAddress();
        await().until(() -> fixture.output(instance).contains("one.stoa.internal"));
        assertThat(fixture.output(instance)).contains(gateway).doesNotContain("two");

        fixture.engine().names(instance.id(), List.of("two.stoa.internal"));

        await().until(() -> fixture.output(instance).contains("two.stoa.internal"));
    }

    @Test
    void port80OfTheGatewayIsThePlatformsInternalOne() throws Exception {
        InetAddress gateway = fixture.engine().gateway().orElseThrow();
        try (ServerSocket internal = new ServerSocket(0, 5, gateway)) {
            fixture.engine().serveGateway(internal.getLocalPort());
            InstanceStatus asking = fixture.spec(ASK.formatted(gateway.getHostAddress(), 80))
                    .tenant(7)
                    .start();
            try (Socket accepted = internal.accept()) {
                assertThat(fixture.engine().tenantAt(accepted.getInetAddress())).contains(7);
                accepted.getOutputStream().write("here\n".getBytes(UTF_8));
            }
            fixture.engine().await(asking.id());

            assertThat(fixture.output(asking)).isEqualTo("here\n");
        }
    }

    @Test
    void theKernelLeadsTheInstancesOfATenantToAServerAndAllOthersToThePort() throws Exception {
        PortForwarding forwarding = fixture.engine().forwarding().orElseThrow();
        InetAddress gateway = fixture.engine().gateway().orElseThrow();
        try (ServerSocket door = answering(gateway, 0, "door");
                ServerSocket local = answering(LOCAL, door.getLocalPort(), "door here");
                ServerSocket server = answering(LOCAL, 0, "server here");
                ServerSocket _ = answering(forwarding.address(), server.getLocalPort(), "server")) {
            int port = door.getLocalPort();
            String question = ASK.formatted(gateway.getHostAddress(), port);
            forwarding.forward(port, server.getLocalPort(), Set.of(7));

            assertThat(fixture.run(fixture.spec(question).tenant(7))).isEqualTo("server\n");
            assertThat(fixture.run(fixture.spec(question).tenant(8))).isEqualTo("door\n");
            assertThat(said(local.getLocalPort())).isEqualTo("server here");
            String straight = ASK.formatted(forwarding.address().getHostAddress(), server.getLocalPort());
            assertThat(fixture.run(fixture.spec(straight).tenant(7))).isEqualTo("no\n");
            assertThat(onTheMachine("sh", "-c", straight)).isEqualTo("no\n");

            forwarding.forward(port, server.getLocalPort(), Set.of());
            assertThat(fixture.run(fixture.spec(question).tenant(7))).isEqualTo("door\n");
            assertThat(said(port)).isEqualTo("server here");
            forwarding.end(port);
            assertThat(said(port)).isEqualTo("door here");
        }
    }

    @Test
    void whoIsLedAnywhereStaysSoWithoutAnEngineAndTheNextOneKnowsWhoseInstancesThereAre() throws Exception {
        InetAddress gateway = fixture.engine().gateway().orElseThrow();
        try (ServerSocket door = answering(LOCAL, 0, "door here");
                ServerSocket server = answering(LOCAL, 0, "server here");
                ServerSocket _ = answering(
                        fixture.engine().forwarding().orElseThrow().address(), server.getLocalPort(), "server")) {
            int port = door.getLocalPort();
            InstanceStatus instance = fixture.spec(
                            "while :; do " + ASK.formatted(gateway.getHostAddress(), port) + " sleep 0.05; done")
                    .tenant(7)
                    .start();
            await().until(() -> fixture.output(instance).contains("no\n"));
            fixture.engine().forwarding().orElseThrow().forward(port, server.getLocalPort(), Set.of());

            fixture.engine().close();
            assertThat(said(port)).isEqualTo("server here");
            fixture.reopen();
            PortForwarding next = fixture.engine().forwarding().orElseThrow();
            next.forward(port + 1, 1, Set.of());
            assertThat(said(port)).isEqualTo("server here");
            next.end(port + 1);
            next.forward(port, server.getLocalPort(), Set.of(7));
            await().until(() -> fixture.output(instance).contains("server\n"));

            next.end(port);
            assertThat(said(port)).isEqualTo("door here");
        }
    }

    /** Says a word to whoever connects. */
    private static ServerSocket answering(InetAddress address, int port, String word) throws IOException {
        ServerSocket listening = new ServerSocket(port, 5, address);
        Threads.start("answering", () -> {
            while (!listening.isClosed()) {
                try (Socket client = listening.accept()) {
                    client.getOutputStream().write((word + "\n").getBytes(UTF_8));
                } catch (IOException e) {
                    return;
                }
            }
        });
        return listening;
    }

    private static String said(int port) throws IOException {
        try (Socket client = new Socket(LOCAL, port)) {
            return new String(client.getInputStream().readAllBytes(), UTF_8).strip();
        }
    }

    @Test
    void aNewEngineTakesTheNetworkOverAndLeavesNothingInTheEnd() throws Exception {
        InstanceStatus instance = serving(80);
        fixture.reopen();

        assertThat(fixture.engine().instance(instance.id()).orElseThrow().address())
                .isEqualTo(instance.address());
        assertThat(ask(instance)).startsWith("hello ");
        assertThat(serving(80).address()).isNotEqualTo(instance.address());
        String gateway = fixture.engine().gateway().orElseThrow().getHostAddress();

        fixture.close();
        assertThat(onTheMachine("ip", "address")).doesNotContain(gateway);
        assertThat(onTheMachine("ip", "netns")).doesNotContain(instance.id());
    }

    private InstanceStatus serving(int port) throws IOException {
        InstanceStatus status =
                fixture.spec(SERVE.formatted("$ENV{PORT}")).port(port).start();
        await().until(() -> fixture.output(status), "ready\n"::equals);
        return status;
    }

    private static String ask(InstanceStatus status) throws IOException {
        InetSocketAddress address = status.address().orElseThrow();
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private static void ip(String arguments) throws IOException, InterruptedException {
        String said = onTheMachine(("ip " + arguments).split(" ", -1));
        assertThat(said).as("ip " + arguments).isEmpty();
    }

    private static String onTheMachine(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isNotNegative();
        return said;
    }
}
