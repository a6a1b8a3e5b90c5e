package dev.stoa.platform.bucket;

import io.helidon.webserver.http.ServerRequest;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What a client asks of S3.
 *
 * @param path    decoded, as it was sent, with the bucket if it is in there
 * @param bucket  empty: the service itself
 * @param key     empty: the bucket itself
 * @param query   in the order in which it was sent, decoded
 * @param headers by lower-case name
 */
record S3Request(
        String method,
        String host,
        String path,
        String bucket,
        String key,
        List<Map.Entry<String, String>> query,
        Map<String, String> headers,
        InputStream body) {

    /** @param base the host by whose name the bucket is in the path; below it, the bucket is in the host's name */
    static S3Request of(ServerRequest request, InputStream body, String base) {
        Map<String, String> headers = new TreeMap<>();
        request.headers()
                .forEach(header -> headers.put(
                        header.name().toLowerCase(Locale.ROOT),
                        String.join(",", header.allValues()).strip()));
        String host = headers.getOrDefault("host", "");
        String name = host.toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
        String path = Percent.decode(request.prologue().uriPath().rawPath(), false);
        String rest = path.startsWith("/") ? path.substring(1) : path;
        String bucket;
        String key;
        if (name.endsWith("." + base)) {
            bucket = name.substring(0, name.length() - base.length() - 1);
            key = rest;
        } else {
            int slash = rest.indexOf('/');
            bucket = slash < 0 ? rest : rest.substring(0, slash);
            key = slash < 0 ? "" : rest.substring(slash + 1);
        }
        return new S3Request(
                request.prologue().method().text(),
                host,
                path,
                bucket,
                key,
                query(request.prologue().query().rawValue()),
                headers,
                body);
    }

    private static List<Map.Entry<String, String>> query(String raw) {
        List<Map.Entry<String, String>> query = new ArrayList<>();
        for (String part : raw.split("&", -1)) {
            if (!part.isEmpty()) {
                int equals = part.indexOf('=');
                query.add(Map.entry(
                        Percent.decode(equals < 0 ? part : part.substring(0, equals), true),
                        equals < 0 ? "" : Percent.decode(part.substring(equals + 1), true)));
            }
        }
        return query;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    Optional<String> param(String name) {
        return query.stream()
                .filter(entry -> entry.getKey().equals(name))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    boolean has(String name) {
        return param(name).isPresent();
    }

    int number(String name, int otherwise, int max) {
        Optional<String> given = param(name).filter(value -> !value.isEmpty());
        try {
            int number = given.isPresent() ? Integer.parseInt(given.get()) : otherwise;
            if (number < 0) {
                throw new NumberFormatException("below zero");
            }
            return Math.min(number, max);
        } catch (NumberFormatException e) {
            throw new S3Exception(
                    S3Code.InvalidArgument,
                    "%s is a number from 0 to %d, not \"%s\"".formatted(name, max, given.orElse("")));
        }
    }

    /** Of what is to be stored, without what is around it on the way. */
    OptionalLong length() {
        Optional<String> given = header("x-amz-decoded-content-length").or(() -> header("content-length"));
        try {
            return given.isPresent() ? OptionalLong.of(Long.parseLong(given.get())) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            throw new S3Exception(S3Code.InvalidArgument, "The length of the content is not a number.");
        }
    }
}
