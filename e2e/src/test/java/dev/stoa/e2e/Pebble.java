package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.Json;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** Let's Encrypt's own small authority for tests, with a DNS in which every name is this machine. */
final class Pebble implements AutoCloseable {
    private static final String MODULE = "github.com/letsencrypt/pebble/v2";
    private static final String VERSION = "v2.8.0";
    private static final Path CACHE = Path.of(System.getProperty("user.home"), ".cache", "stoa-check");

    /** It is fetched and built once on a machine. */
    private static final long BUILD_MINUTES_MAX = 8;

    private final int port = Ports.free();
    private final DatagramSocket dns;
    private final Process process;
    private final Path log;

    /** A customer that it knows, and the key of that account. */
    static final String CUSTOMER = "customer-1";

    static final String CUSTOMER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA";

    /** Looks for proofs at these ports of the platform. */
    Pebble(int httpPort, int httpsPort) {
        this(httpPort, httpsPort, Map.of());
    }

    /** Takes orders from its customers alone (RFC 8555, 7.3.4). */
    static Pebble forCustomers(int httpPort, int httpsPort) {
        return new Pebble(
                httpPort,
                httpsPort,
                Map.of(
                        "externalAccountBindingRequired",
                        true,
                        "externalAccountMACKeys",
                        Map.of(CUSTOMER, CUSTOMER_KEY)));
    }

    private Pebble(int httpPort, int httpsPort, Map<String, Object> more) {
        try {
            Path program = program();
            Path certificates = moduleFolder().resolve("test/certs/localhost");
            dns = new DatagramSocket(0, InetAddress.getLoopbackAddress());
            Stoa.THREADS.execute(this::answerNames);
            Path folder = Files.createTempDirectory("pebble");
            log = folder.resolve("log");
            Map<String, Object> settings = new HashMap<>(Map.of(
                    "listenAddress",
                    "127.0.0.1:" + port,
                    "certificate",
                    certificates.resolve("cert.pem").toString(),
                    "privateKey",
                    certificates.resolve("key.pem").toString(),
                    "httpPort",
                    httpPort,
                    "tlsPort",
                    httpsPort,
                    "retryAfter",
                    Map.of("authz", 1, "order", 1)));
            settings.putAll(more);
            Path config = Files.writeString(folder.resolve("config.json"), Json.write(Map.of("pebble", settings)));
            ProcessBuilder builder = new ProcessBuilder(
                            program.toString(),
                            "-config",
                            config.toString(),
                            "-dnsserver",
                            "127.0.0.1:" + dns.getLocalPort())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            builder.environment().put("PEBBLE_VA_NOSLEEP", "1");
            builder.environment().put("PEBBLE_WFE_NONCEREJECT", "0");
            process = builder.start();
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(this::listens);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    String directory() {
        return "https://localhost:%d/dir".formatted(port);
    }

    /** By which its own HTTPS is to be trusted. */
    static Path authority() {
        return moduleFolder().resolve("test/certs/pebble.minica.pem");
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static Path program() throws IOException {
        Path program = CACHE.resolve("bin/pebble");
        assumeTrue(hasGo(), "needs Go, to build Pebble: apt-get install golang-go");
        if (!Files.isExecutable(program) || !Files.isDirectory(moduleFolder())) {
            ProcessBuilder build = new ProcessBuilder("go", "install", MODULE + "/cmd/pebble@" + VERSION)
                    .directory(Files.createDirectories(CACHE).toFile())
                    .redirectErrorStream(true);
            build.environment().put("GOBIN", CACHE.resolve("bin").toString());
            assumeTrue(ends(build.inheritIO()), "needs a newer Go, to build Pebble: apt-get install golang-go");
        }
        return program;
    }

    private static boolean hasGo() {
        try {
            return ends(new ProcessBuilder("go", "version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD));
        } catch (IOException e) {
            return false;
        }
    }

    private static Path moduleFolder() {
        try {
            Process go = new ProcessBuilder("go", "env", "GOMODCACHE").start();
            return Path.of(
                    new String(go.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip(),
                    MODULE + "@" + VERSION);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean ends(ProcessBuilder builder) throws IOException {
        try {
            Process process = builder.start();
            if (!process.waitFor(BUILD_MINUTES_MAX, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                return false;
            }
            return process.exitValue() == 0;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void answerNames() {
        byte[] buffer = new byte[512];
        while (!dns.isClosed()) {
            try {
                DatagramPacket question = new DatagramPacket(buffer, buffer.length);
                dns.receive(question);
                byte[] answer = answer(ByteBuffer.wrap(buffer, 0, question.getLength()));
                dns.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            } catch (IOException e) {
                assertThat(dns.isClosed()).isTrue();
            }
        }
    }

    /** 127.0.0.1 to a question for an address of four bytes, nothing to any other (RFC 1035, 4.1). */
    private static byte[] answer(ByteBuffer question) {
        int end = 12;
        while (question.get(end) != 0) {
            end += question.get(end) + 1;
        }
        end += 5;
        boolean address = question.getShort(end - 4) == 1;
        ByteBuffer answer = ByteBuffer.allocate(512);
        answer.putShort(question.getShort(0)).putShort((short) 0x8180).putShort((short) 1);
        answer.putShort((short) (address ? 1 : 0)).putInt(0);
        answer.put(question.slice(12, end - 12));
        if (address) {
            answer.putShort((short) 0xc00c)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(0);
            answer.putShort((short) 4).put(new byte[] {127, 0, 0, 1});
        }
        byte[] bytes = new byte[answer.position()];
        answer.flip().get(bytes);
        return bytes;
    }

    /** It answers no more. */
    void stop() {
        dns.close();
        process.destroy();
    }

    @Override
    public void close() {
        stop();
    }
}
