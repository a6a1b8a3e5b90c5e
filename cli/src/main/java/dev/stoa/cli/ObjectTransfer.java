package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Objects on their way between this machine and an S3 server, by URLs that are signed already. Holds none of them whole. */
final class ObjectTransfer {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private static final int OK_MAX = 299;
    private static final int SAID_CHARS_MAX = 4000;
    static final String META = "x-amz-meta-";
    private static final Set<String> KEPT = Set.of(
            "content-type", "content-encoding", "content-disposition", "content-language", "cache-control", "expires");
    private static final Pattern ENTRY =
            Pattern.compile("<(Contents|CommonPrefixes)>(.*?)</(?:Contents|CommonPrefixes)>", Pattern.DOTALL);

    private ObjectTransfer() {}

    /** @param sizeBytes empty for what stands for several */
    record Line(String key, Optional<Long> sizeBytes, Optional<String> modifiedAt) {}

    /** @param next empty on the last page */
    record Page(List<Line> lines, Optional<String> next) {
        Page {
            lines = List.copyOf(lines);
        }
    }

    static Page page(String url) {
        String xml = send(request(url).GET().build(), BodyHandlers.ofString());
        List<Line> lines = new ArrayList<>();
        Matcher entry = ENTRY.matcher(xml);
        while (entry.find()) {
            String content = entry.group(2);
            String key = decoded(leaf(content, entry.group(1).equals("Contents") ? "Key" : "Prefix")
                    .orElse(""));
            lines.add(new Line(key, leaf(content, "Size").map(Long::parseLong), leaf(content, "LastModified")));
        }
        return new Page(lines, leaf(xml, "NextContinuationToken"));
    }

    /** Complete, or not there. */
    static long download(String url, Path to) {
        Path draft = to.resolveSibling("." + to.getFileName() + ".new");
        try {
            Path _ = send(request(url).GET().build(), BodyHandlers.ofFile(draft));
            long size = Files.size(draft);
            Files.move(draft, to, StandardCopyOption.REPLACE_EXISTING);
            return size;
        } catch (IOException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "cannot write %s: %s".formatted(to, e.getMessage()), "", e);
        } finally {
            dropped(draft);
        }
    }

    private static void dropped(Path draft) {
        try {
            Files.deleteIfExists(draft);
        } catch (IOException e) {
            System.getLogger(ObjectTransfer.class.getName()).log(System.Logger.Level.DEBUG, "left over " + draft, e);
        }
    }

    /** @param headers that the URL is signed for, and others that need not be */
    static long upload(Path from, String url, Map<String, String> headers) {
        try {
            long size = Files.size(from);
            HttpRequest.Builder request = request(url).PUT(BodyPublishers.ofFile(from));
            headers.forEach(request::header);
            String _ = send(request.build(), BodyHandlers.ofString());
            return size;
        } catch (FileNotFoundException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "there is no file %s".formatted(from), "", e);
        } catch (IOException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "cannot read %s: %s".formatted(from, e.getMessage()), "", e);
        }
    }

    /** What is said of an object beside its content, by header. */
    static Map<String, String> described(String url) {
        HttpResponse<Void> response = answered(request(url).HEAD().build(), BodyHandlers.discarding());
        if (response.statusCode() > OK_MAX) {
            throw refused(response.statusCode(), "");
        }
        Map<String, String> headers = new TreeMap<>();
        response.headers().map().forEach((name, values) -> {
            if (name.startsWith(META) || KEPT.contains(name)) {
                headers.put(name, String.join(",", values));
            }
        });
        return headers;
    }

    /** From one URL to another, without a stop on this machine's disk. */
    static long pass(String from, String to, Map<String, String> headers) {
        HttpResponse<InputStream> source = answered(request(from).GET().build(), BodyHandlers.ofInputStream());
        try (InputStream in = source.body()) {
            if (source.statusCode() > OK_MAX) {
                throw refused(source.statusCode(), new String(in.readNBytes(SAID_CHARS_MAX), StandardCharsets.UTF_8));
            }
            long size = source.headers().firstValueAsLong("Content-Length").orElseThrow();
            HttpRequest.Builder request = request(to)
                    .PUT(
                            size == 0
                                    ? BodyPublishers.noBody()
                                    : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(() -> in), size));
            headers.forEach(request::header);
            String _ = send(request.build(), BodyHandlers.ofString());
            return size;
        } catch (IOException e) {
            throw broken(URI.create(from), e);
        }
    }

    /** Names below localhost are this machine's own, which not every resolver knows. */
    private static HttpRequest.Builder request(String url) {
        URI uri = URI.create(url);
        if (!uri.getHost().endsWith(".localhost")) {
            return HttpRequest.newBuilder(uri);
        }
        return HttpRequest.newBuilder(URI.create(url.replaceFirst(Pattern.quote(uri.getHost()), "127.0.0.1")))
                .header("Host", uri.getRawAuthority());
    }

    private static <T> T send(HttpRequest request, HttpResponse.BodyHandler<T> body) {
        try {
            HttpResponse<Object> response = answered(
                    request,
                    info -> info.statusCode() <= OK_MAX
                            ? HttpResponse.BodySubscribers.mapping(body.apply(info), content -> (Object) content)
                            : HttpResponse.BodySubscribers.mapping(
                                    HttpResponse.BodySubscribers.ofInputStream(), content -> (Object) content));
            if (response.statusCode() <= OK_MAX) {
                @SuppressWarnings("unchecked")
                T content = (T) response.body();
                return content;
            }
            try (InputStream in = (InputStream) response.body()) {
                throw refused(response.statusCode(), new String(in.readNBytes(SAID_CHARS_MAX), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw broken(request.uri(), e);
        }
    }

    private static <T> HttpResponse<T> answered(HttpRequest request, HttpResponse.BodyHandler<T> body) {
        try {
            return HTTP.send(request, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoaException(ErrorCode.CANCELLED, "interrupted", "", e);
        } catch (IOException e) {
            throw broken(request.uri(), e);
        }
    }

    private static StoaException broken(URI uri, IOException e) {
        return new StoaException(
                ErrorCode.CONNECTION_LOST,
                "the connection to %s broke: %s".formatted(uri.getRawAuthority(), Reason.of(e)),
                "nothing of the object was kept; try again",
                e);
    }

    private static StoaException refused(int status, String xml) {
        String code = leaf(xml, "Code").orElse("status " + status);
        return new StoaException(
                code.equals("NoSuchKey") ? ErrorCode.NOT_FOUND : ErrorCode.BAD_REQUEST,
                "the bucket refuses: %s%s"
                        .formatted(
                                code,
                                leaf(xml, "Message")
                                        .map(message -> ", " + message)
                                        .orElse("")),
                code.equals("NoSuchKey") ? "stoa bucket ls shows what there is" : "");
    }

    private static Optional<String> leaf(String xml, String name) {
        Matcher leaf = Pattern.compile("<%s>(.*?)</%s>".formatted(name, name), Pattern.DOTALL)
                .matcher(xml);
        return leaf.find()
                ? Optional.of(leaf.group(1)
                        .replace("&lt;", "<")
                        .replace("&gt;", ">")
                        .replace("&quot;", "\"")
                        .replace("&amp;", "&"))
                : Optional.empty();
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
