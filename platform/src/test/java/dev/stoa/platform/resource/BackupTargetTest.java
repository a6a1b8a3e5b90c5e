package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.bucket.SigningKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTargetTest {
    private static final BackupKey KEY = BackupKey.random(new SecureRandom());

    private static byte[] sealed(byte[] plain, String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream seal = SealedStream.seal(out, KEY, name)) {
            seal.write(plain);
        }
        return out.toByteArray();
    }

    private static byte[] opened(byte[] sealed, BackupKey key, String name) throws IOException {
        try (InputStream in = SealedStream.open(new ByteArrayInputStream(sealed), key, name)) {
            return in.readAllBytes();
        }
    }

    @Test
    void whatIsSealedIsOpenedWithItsKeyAndNameAlone() throws Exception {
        byte[] plain = new byte[700_000];
        new Random(1).nextBytes(plain);
        byte[] sealed = sealed(plain, "a");

        assertThat(opened(sealed, KEY, "a")).isEqualTo(plain);
        assertThat(opened(sealed(new byte[0], "a"), KEY, "a")).isEmpty();
        assertThatThrownBy(() -> opened(sealed, KEY, "b")).hasMessageContaining("b is damaged");
        assertThatThrownBy(() -> opened(sealed, BackupKey.random(new SecureRandom()), "a"))
                .hasMessageContaining("sealed with another key");
        assertThat(new String(
                        sealed("select secret".repeat(100).getBytes(StandardCharsets.UTF_8), "a"),
                        StandardCharsets.ISO_8859_1))
                .doesNotContain("secret");
    }

    @Test
    void whatWasChangedOrCutOffIsNeverOpened() throws Exception {
        byte[] plain = new byte[700_000];
        new Random(2).nextBytes(plain);
        byte[] sealed = sealed(plain, "a");
        Random random = new Random(3);
        for (int round = 0; round < 30; round++) {
            byte[] changed = sealed.clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> opened(changed, KEY, "a")).isInstanceOf(IOException.class);
            byte[] cut = Arrays.copyOf(sealed, random.nextInt(sealed.length));
            assertThatThrownBy(() -> opened(cut, KEY, "a")).isInstanceOf(IOException.class);
        }
        // Exactly between two chunks.
        byte[] cut = Arrays.copyOf(sealed, 14 + 32 + 4 + 256 * 1024 + 16);
        assertThatThrownBy(() -> opened(cut, KEY, "a")).isInstanceOf(IOException.class);
    }

    @Test
    void aRecoveryKeyIsReadAsItIsPrintedAndTyped() {
        assertThat(BackupKey.parse(KEY.text()).fingerprint()).isEqualTo(KEY.fingerprint());
        assertThat(BackupKey.parse(" " + KEY.text().replace('-', ' ').toUpperCase(java.util.Locale.ROOT))
                        .text())
                .isEqualTo(KEY.text());
        assertThatThrownBy(() -> BackupKey.parse("hunter2"))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("no recovery key")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void segmentsFollowOneAnother() {
        long bytes = 16L << 20;
        assertThat(new WalName("0000000100000000000000FF").next(bytes).text()).isEqualTo("000000010000000100000000");
        assertThat(WalName.at("00000002", "1/3000028", bytes).text()).isEqualTo("000000020000000100000003");
        assertThat(WalName.before("00000001", "0/4000000", bytes).text()).isEqualTo("000000010000000000000003");
    }

    /** The example "GET Bucket (List Objects)" of Amazon's manual of the signature. */
    @Test
    void requestsAreSignedAsTheManualHasIt() {
        String signed = new SignedRequest(
                        "us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
                .sign(
                        "GET",
                        URI.create("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"),
                        SigningKey.sha256(""),
                        Instant.parse("2013-05-24T00:00:00Z"))
                .GET()
                .build()
                .headers()
                .firstValue("Authorization")
                .orElseThrow();
        assertThat(signed).endsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    @Test
    void aFolderKeepsFilesByName(@TempDir Path folder) throws Exception {
        keepsFiles(new FolderTarget(folder));
    }

    @Test
    void aBucketKeepsFilesByName() throws Exception {
        Map<String, byte[]> objects = new ConcurrentSkipListMap<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> answer(exchange, objects));
        server.start();
        try {
            URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
            SignedRequest signing = new SignedRequest("us-east-1", "key", "secret");
            keepsFiles(new BucketTarget(endpoint, "backups", "here/", signing));
            assertThatThrownBy(() -> new BucketTarget(endpoint, "forbidden", "", signing).list(""))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the access key key may not do that");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void whatABucketRefusesIsSaidWithWhatHelps() throws Exception {
        URI endpoint = URI.create("https://s3.example.org");
        BucketRefusal refusal =
                new BucketRefusal(endpoint, "backups", new SignedRequest("us-east-1", "AKID", "secret"));
        Map<String, String> said = Map.of(
                "<Code>InvalidAccessKeyId</Code>", "does not know the access key AKID: see --access-key",
                "<Code>SignatureDoesNotMatch</Code>", "the secret key is not that of the access key AKID",
                "<Code>NoSuchBucket</Code>", "there is no bucket backups there: make it",
                "<Code>RequestTimeTooSkewed</Code>", "(there it is noon): set it",
                "<Code>PermanentRedirect</Code>", "in another region than us-east-1: see --region",
                "<Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region>", "in the region eu-north-1",
                "<Code>InsufficientStorage</Code><Message>Full.</Message>", "no room for more: Full.",
                "<Code>Odd</Code><Message>Because.</Message>", "Odd, Because.",
                "<html><h1>Not Found</h1></html>", "not answer as an S3 server does (status 404: \"Not Found\")");
        said.forEach((answer, words) -> assertThat(refusal.of("PUT x", 404, answer, Optional.of("noon")))
                .hasMessageStartingWith("https://s3.example.org refuses to PUT x: ")
                .hasMessageContaining(words));
    }

    @Test
    void whyABucketCannotBeReachedIsSaidWithWhatHelps() throws Exception {
        SignedRequest signing = new SignedRequest("us-east-1", "AKID", "secret");
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answering = Threads.start("plain", () -> {
                try (Socket client = plain.accept()) {
                    // As servers do, it speaks when it is spoken to: what comes before that the client may not see.
                    int _ = client.getInputStream().read();
                    client.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    long _ = client.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                    // The client has had enough.
                }
            });
            URI tls = URI.create("https://127.0.0.1:" + plain.getLocalPort());
            assertThatThrownBy(() -> new BucketTarget(tls, "b", "", signing).list(""))
                    .hasMessageContaining("it speaks no TLS there");
            answering.join();
        }
        URI nobody = URI.create("http://127.0.0.1:1");
        assertThatThrownBy(() -> new BucketTarget(nobody, "b", "", signing).list(""))
                .hasMessage("http://127.0.0.1:1 cannot be reached: nothing listens there: see --endpoint");
        URI unknown = URI.create("http://nowhere.invalid");
        assertThatThrownBy(() -> new BucketTarget(unknown, "b", "", signing).list(""))
                .hasMessageContaining("the name nowhere.invalid is not known");
    }

    @Test
    void whoseBackupsThereAreIsSeenFromTheNamesOfFiles() {
        assertThat(BackupArchive.databases(List.of(
                        "shop-main-1f00d5ab/archive.json",
                        "deep/er/other-00000000/archive.json",
                        "photos/archive.json",
                        "1f00d5ab/archive.json")))
                .containsExactly("other", "shop-main");
    }

    private static void keepsFiles(BackupTarget target) throws IOException {
        assertThat(target.list("db-1/")).isEmpty();
        for (String name : new String[] {"db-1/wal/A.1", "db-1/wal/B.2", "db-1/base/x & y", "db-2/wal/A.1"}) {
            target.put(name, out -> out.write(name.getBytes(StandardCharsets.UTF_8)));
        }
        assertThatThrownBy(() -> target.put("db-1/wal/C.3", out -> {
                    out.write(1);
                    throw new IOException("broken off");
                }))
                .hasMessageContaining("broken off");

        assertThat(target.list("db-1/wal/").stream().map(BackupTarget.Item::name))
                .containsExactly("db-1/wal/A.1", "db-1/wal/B.2");
        assertThat(target.list("")).hasSize(4);
        assertThat(target.list("db-1/wal/").getFirst().sizeBytes()).isEqualTo(12);
        try (InputStream in = target.get("db-1/base/x & y")) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("db-1/base/x & y");
        }
        target.delete("db-1/base/x & y");
        target.delete("db-1/base/x & y");
        assertThatThrownBy(() -> target.get("db-1/base/x & y")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> target.get("db-1/wal/C.3")).isInstanceOf(NoSuchFileException.class);

        BackupArchive archive = new BackupArchive(target, "db-3", KEY);
        archive.put("wal/A.1", out -> out.write(random(1 << 20)));
        try (InputStream in = archive.open("wal/A.1")) {
            assertThat(in.readAllBytes()).isEqualTo(random(1 << 20));
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    /** As much of S3 as there has to be; a page of a list has two objects. */
    private static void answer(HttpExchange exchange, Map<String, byte[]> objects) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        boolean signed = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
                        .orElse("")
                        .startsWith("AWS4-HMAC-SHA256 Credential=key/")
                && sha256(body).equals(exchange.getRequestHeaders().getFirst("x-amz-content-sha256"));
        if (!signed || path.startsWith("/forbidden")) {
            reply(exchange, 403, "<Error><Code>AccessDenied</Code></Error>".getBytes(StandardCharsets.UTF_8));
            return;
        }
        String key = path.replaceFirst("^/backups/?", "");
        switch (exchange.getRequestMethod()) {
            case "PUT" -> {
                objects.put(key, body);
                reply(exchange, 200, new byte[0]);
            }
            case "DELETE" -> {
                objects.remove(key);
                reply(exchange, 204, new byte[0]);
            }
            default -> {
                if (key.isEmpty()) {
                    reply(exchange, 200, page(exchange.getRequestURI().getQuery(), objects));
                } else if (objects.containsKey(key)) {
                    reply(exchange, 200, objects.get(key));
                } else {
                    reply(exchange, 404, "<Error><Code>NoSuchKey</Code></Error>".getBytes(StandardCharsets.UTF_8));
                }
            }
        }
    }

    private static String sha256(byte[] body) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static byte[] page(String query, Map<String, byte[]> objects) {
        Map<String, String> asked = new TreeMap<>();
        for (String part : query.split("&", -1)) {
            asked.put(part.replaceFirst("=.*", ""), part.replaceFirst(".*?=", ""));
        }
        StringBuilder xml = new StringBuilder("<ListBucketResult>");
        String after = asked.getOrDefault("continuation-token", "");
        int count = 0;
        String last = "";
        for (Map.Entry<String, byte[]> object : objects.entrySet()) {
            if (object.getKey().startsWith(asked.getOrDefault("prefix", ""))
                    && object.getKey().compareTo(after) > 0) {
                if (count == 2) {
                    xml.append("<NextContinuationToken>%s</NextContinuationToken>".formatted(last));
                    break;
                }
                last = object.getKey();
                count++;
                xml.append("<Contents><Key>%s</Key><Size>%d</Size></Contents>"
                        .formatted(last.replace("&", "&amp;"), object.getValue().length));
            }
        }
        return xml.append("</ListBucketResult>").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
