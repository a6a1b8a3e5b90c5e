package dev.stoa.platform.resource;

import dev.stoa.platform.bucket.SigningKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Backups in a bucket of any S3 server. No file of a backup comes near the 5 GB that one request may put, since PostgreSQL
 * cuts its files at 1 GB.
 */
record BucketTarget(URI endpoint, String bucket, String prefix, SignedRequest signing) implements BackupTarget {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private static final Duration ANSWER_MAX = Duration.ofMinutes(10);
    private static final String EMPTY_SHA256 = SigningKey.sha256("");
    private static final int OK_MAX = 299;
    private static final int SAID_BYTES_MAX = 4000;
    private static final Pattern CONTENTS = Pattern.compile("<Contents>(.*?)</Contents>", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("<Key>(.*?)</Key>", Pattern.DOTALL);
    private static final Pattern SIZE = Pattern.compile("<Size>(\\d+)</Size>");
    private static final Pattern NEXT =
            Pattern.compile("<NextContinuationToken>(.*?)</NextContinuationToken>", Pattern.DOTALL);

    @Override
    public void put(String name, Content content) throws IOException {
        Path draft = Files.createTempFile("stoa-backup", ".part");
        // Gone from its folder at once, and from the disk with whoever has it open, however that ends.
        try (FileChannel file = FileChannel.open(
                draft, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
            // The signature covers the content, so that is made before.
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            OutputStream out = new DigestOutputStream(Channels.newOutputStream(file), digest);
            content.writeTo(out);
            out.flush();
            long size = file.position();
            HttpRequest request = signed("PUT", object(name), HexFormat.of().formatHex(digest.digest()))
                    .PUT(
                            size == 0
                                    ? BodyPublishers.noBody()
                                    : BodyPublishers.fromPublisher(
                                            BodyPublishers.ofInputStream(() -> fromItsBeginning(file)), size))
                    .build();
            try (InputStream _ = answered(request, name).body()) {
                return;
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static InputStream fromItsBeginning(FileChannel file) {
        try {
            return Channels.newInputStream(file.position(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public InputStream get(String name) throws IOException {
        return answered(signed("GET", object(name), EMPTY_SHA256).GET().build(), name)
                .body();
    }

    @Override
    public List<Item> list(String start) throws IOException {
        List<Item> items = new ArrayList<>();
        Optional<String> token = Optional.empty();
        do {
            // In the order of their names, as the signature has them.
            String query = token.map(next -> "continuation-token=" + escape(next) + "&")
                            .orElse("") + "list-type=2&prefix=" + escape(prefix + start);
            URI uri = URI.create("%s/%s?%s".formatted(base(), bucket, query));
            String page;
            try (InputStream in = answered(
                            signed("GET", uri, EMPTY_SHA256).GET().build(), "the bucket")
                    .body()) {
                page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            Matcher contents = CONTENTS.matcher(page);
            while (contents.find()) {
                Matcher key = KEY.matcher(contents.group(1));
                Matcher size = SIZE.matcher(contents.group(1));
                if (key.find() && size.find()) {
                    items.add(new Item(
                            unescaped(key.group(1)).substring(prefix.length()), Long.parseLong(size.group(1))));
                }
            }
            Matcher next = NEXT.matcher(page);
            token = next.find() ? Optional.of(unescaped(next.group(1))) : Optional.empty();
        } while (token.isPresent());
        items.sort(Comparator.comparing(Item::name));
        return items;
    }

    private static String unescaped(String xml) {
        return xml.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }

    @Override
    public void delete(String name) throws IOException {
        HttpRequest request =
                signed("DELETE", object(name), EMPTY_SHA256).DELETE().build();
        try (InputStream _ = answered(request, name).body()) {
            return;
        } catch (NoSuchFileException e) {
            return;
        }
    }

    private String base() {
        return endpoint.toString().replaceAll("/+$", "");
    }

    private URI object(String name) {
        StringBuilder path = new StringBuilder();
        for (String part : (prefix + name).split("/", -1)) {
            path.append('/').append(escape(part));
        }
        return URI.create("%s/%s%s".formatted(base(), bucket, path));
    }

    private static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    private HttpRequest.Builder signed(String method, URI uri, String bodySha256) {
        return signing.sign(method, uri, bodySha256, Instant.now()).timeout(ANSWER_MAX);
    }

    private HttpResponse<InputStream> answered(HttpRequest request, String name) throws IOException {
        HttpResponse<InputStream> response;
        try {
            response = HTTP.send(request, BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (IOException e) {
            throw refusal().of(e);
        }
        if (response.statusCode() <= OK_MAX) {
            return response;
        }
        try (InputStream in = response.body()) {
            String said = new String(in.readNBytes(SAID_BYTES_MAX), StandardCharsets.UTF_8);
            if (BucketRefusal.code(said).equals(BucketRefusal.NO_SUCH_KEY)) {
                throw new NoSuchFileException(name);
            }
            throw refusal()
                    .of(
                            request.method() + " " + name,
                            response.statusCode(),
                            said,
                            response.headers().firstValue("Date"));
        }
    }

    private BucketRefusal refusal() {
        return new BucketRefusal(endpoint, bucket, signing);
    }

    @Override
    public String text() {
        return "s3://" + bucket + (prefix.isEmpty() ? "" : "/" + prefix.replaceAll("/$", ""));
    }
}
