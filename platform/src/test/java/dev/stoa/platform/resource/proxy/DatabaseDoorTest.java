package dev.stoa.platform.resource.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The door with a server that is no PostgreSQL, so that every byte can be seen. */
@Timeout(30)
class DatabaseDoorTest {
    private static final int TLS_REQUEST = 80_877_103;
    private static final int GSS_REQUEST = 80_877_104;
    private static final int CANCEL_REQUEST = 80_877_102;
    private static final byte[] STARTUP = startup("user", "app", "database", "main");
    private static final int CLIENT_MILLIS_MAX = 20_000;

    private final AtomicInteger starts = new AtomicInteger();
    private volatile Optional<String> refusal = Optional.empty();
    private volatile Optional<StoaException> problem = Optional.empty();
    private volatile boolean running = true;
    private volatile CountDownLatch started = new CountDownLatch(0);
    private ServerSocket server;
    private DatabaseProxy proxy;
    private DatabaseDoor door;
    private int port;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        proxy = new DatabaseProxy(() -> {
            throw new IllegalStateException("there is no certificate here");
        });
        door = new DatabaseDoor(proxy, "main", new Behind() {
            @Override
            public Optional<String> refusal(InetAddress client) {
                return refusal;
            }

            @Override
            public Place start() {
                starts.incrementAndGet();
                try {
                    started.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                problem.ifPresent(why -> {
                    throw why;
                });
                return new Place(server.getLocalPort(), Optional.empty());
            }

            @Override
            public OptionalInt pooled() {
                return OptionalInt.empty();
            }

            @Override
            public Optional<String> verifier(String user) {
                return Optional.empty();
            }

            @Override
            public Optional<Place> running() {
                return running ? Optional.of(new Place(server.getLocalPort(), Optional.empty())) : Optional.empty();
            }
        });
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        door.listen(List.of(InetAddress.getLoopbackAddress()), port);
    }

    @AfterEach
    void close() throws IOException {
        door.close();
        proxy.close();
        server.close();
    }

    private Socket client() throws IOException {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
        client.setSoTimeout(CLIENT_MILLIS_MAX);
        client.setTcpNoDelay(true);
        return client;
    }

    private static byte[] startup(String... parameters) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String word : parameters) {
            body.writeBytes(word.getBytes(UTF_8));
            body.write(0);
        }
        body.write(0);
        return packet(3 << 16, body.toByteArray());
    }

    private static byte[] packet(int code, byte... body) {
        return ByteBuffer.allocate(8 + body.length)
                .putInt(8 + body.length)
                .putInt(code)
                .put(body)
                .array();
    }

    private static String all(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), UTF_8);
    }

    /** What the server gets of a session that was begun with the startup packet, to the end of that. */
    private static Socket accepted(ServerSocket server) throws IOException {
        Socket session = server.accept();
        assertThat(session.getInputStream().readNBytes(STARTUP.length)).isEqualTo(STARTUP);
        return session;
    }

    @Test
    void bytesPassUntouchedHoweverTheyAreCut() throws Exception {
        try (Socket client = client()) {
            for (byte each : packet(GSS_REQUEST)) {
                client.getOutputStream().write(each);
            }
            assertThat(client.getInputStream().read()).isEqualTo('N');
            for (byte each : STARTUP) {
                client.getOutputStream().write(each);
                Thread.sleep(1);
            }
            try (Socket session = accepted(server)) {
                client.getOutputStream().write("to the server".getBytes(UTF_8));
                session.getOutputStream().write("to the client".getBytes(UTF_8));
                assertThat(new String(session.getInputStream().readNBytes(13), UTF_8))
                        .isEqualTo("to the server");
                assertThat(new String(client.getInputStream().readNBytes(13), UTF_8))
                        .isEqualTo("to the client");
            }
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aClientIsHeldWhileTheServerStartsAndWhatItSaysMeanwhileIsKept() throws Exception {
        started = new CountDownLatch(1);
        try (Socket client = client()) {
            client.getOutputStream().write(STARTUP);
            client.getOutputStream().write("early".getBytes(UTF_8));
            while (starts.get() == 0) {
                Thread.onSpinWait();
            }
            assertThat(door.isQuietFor(Duration.ZERO)).isFalse();
            started.countDown();
            try (Socket session = accepted(server)) {
                assertThat(new String(session.getInputStream().readNBytes(5), UTF_8))
                        .isEqualTo("early");
            }
        }
    }

    @Test
    void aServerThatDoesNotStartIsAnErrorOfTheProtocol() throws Exception {
        problem = Optional.of(new StoaException(ErrorCode.DISK_FULL, "the disk is full", "free some space"));
        try (Socket client = client()) {
            client.getOutputStream().write(STARTUP);
            assertThat(all(client))
                    .startsWith("E")
                    .contains("SFATAL", "C57P03", "the disk is full", "Hfree some space");
        }
    }

    @Test
    void aClientThatMayNotComeIsToldSoAndTheServerSleepsOn() throws Exception {
        refusal = Optional.of("not you");
        try (Socket client = client()) {
            client.getOutputStream().write(packet(TLS_REQUEST));
            assertThat(client.getInputStream().read()).isEqualTo('N');
            client.getOutputStream().write(STARTUP);
            assertThat(all(client)).startsWith("E").contains("C28000", "not you");
        }
        assertThat(starts).hasValue(0);
        assertThat(door.isQuietFor(Duration.ZERO)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: main\r\n\r\n",
                "\0\0\0\0\0\3\0\0",
                "\0\0\0\7\0\3\0",
                "\177\177\177\177\0\3\0\0user\0app\0\0",
                "\0\0\0\11\0\3\0\0\0",
                "\0\0\0\22\0\2\0\0user\0app\0\0",
                "\0\0\0\21\0\3\0\0user\0app\0",
                "\0\0\0\17\0\3\0\0user\0ap",
                "\0\0\0\14\4\322\26\56pid!",
            })
    void whatIsNoGreetingIsAnErrorAndWakesNobody(String said) throws Exception {
        byte[] bytes = new byte[said.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) said.charAt(i);
        }
        try (Socket client = client()) {
            client.getOutputStream().write(bytes);
            assertThat(client.getInputStream().read()).isEqualTo('E');
        }
        assertThat(starts).hasValue(0);
    }

    @Test
    void whatIsSaidInTheOpenBehindARequestForEncryptionIsNotTaken() throws Exception {
        try (Socket client = client()) {
            ByteArrayOutputStream both = new ByteArrayOutputStream();
            both.writeBytes(packet(TLS_REQUEST));
            both.writeBytes(STARTUP);
            client.getOutputStream().write(both.toByteArray());
            assertThat(all(client)).startsWith("E").contains("unencrypted data");
        }
        assertThat(starts).hasValue(0);
    }

    @Test
    void aCancelRequestGoesToTheServerThatRunsAndWakesNone() throws Exception {
        byte[] cancel = packet(CANCEL_REQUEST, new byte[] {0, 0, 0, 7, 1, 2, 3, 4});
        try (Socket client = client()) {
            client.getOutputStream().write(cancel);
            try (Socket session = server.accept()) {
                assertThat(session.getInputStream().readNBytes(cancel.length)).isEqualTo(cancel);
            }
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        running = false;
        try (Socket client = client()) {
            client.getOutputStream().write(cancel);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(starts).hasValue(0);
    }

    @Test
    void aClientThatVanishesTakesItsSessionWithIt() throws Exception {
        Socket client = client();
        client.getOutputStream().write(STARTUP);
        try (Socket session = accepted(server)) {
            client.setSoLinger(true, 0);
            client.close();
            assertThat(session.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aClientThatHasSaidAllStillGetsItsAnswer() throws Exception {
        try (Socket client = client()) {
            client.getOutputStream().write(STARTUP);
            try (Socket session = accepted(server)) {
                client.shutdownOutput();
                assertThat(session.getInputStream().read()).isEqualTo(-1);
                session.getOutputStream().write("late".getBytes(UTF_8));
            }
            assertThat(all(client)).isEqualTo("late");
        }
    }

    @Test
    void aClientThatDoesNotReadKeepsTheServerFromWritingAndMissesNothing() throws Exception {
        int longs = 4 << 20;
        AtomicLong written = new AtomicLong();
        try (Socket client = client()) {
            client.getOutputStream().write(STARTUP);
            Socket session = accepted(server);
            Thread writer = Threads.start("writer", () -> {
                try (session;
                        DataOutputStream out = new DataOutputStream(session.getOutputStream())) {
                    ByteBuffer block = ByteBuffer.allocate(1 << 16);
                    for (long n = 0; n < longs; n++) {
                        block.putLong(n);
                        if (!block.hasRemaining()) {
                            out.write(block.array());
                            written.addAndGet(block.capacity());
                            block.clear();
                        }
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            long before;
            do {
                before = written.get();
                Thread.sleep(300);
            } while (before != written.get());
            assertThat(before).isLessThan(24L << 20);
            DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(client.getInputStream(), 1 << 16));
            for (long n = 0; n < longs; n++) {
                if (in.readLong() != n) {
                    throw new AssertionError("not in order: " + n);
                }
            }
            assertThat(in.read()).isEqualTo(-1);
            writer.join();
        }
    }
}
