package dev.stoa.platform;

import dev.stoa.api.AddressRange;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How the platform was asked to run.
 *
 * @param home        the data directory: {@code STOA_HOME}, else {@code ~/.stoa}
 * @param apiHost     the address of the API; the loopback one unless told otherwise
 * @param httpPort    of the router, on all addresses; like the other ports 0 means any that is free
 * @param domain      the suffix of the apps' names: {@code shop.localhost}
 * @param databaseUrl a PostgreSQL to use in place of the embedded one, as a {@code postgres://} or {@code jdbc:} URL
 * @param proxies     where connections begin with the PROXY protocol
 */
public record PlatformOptions(
        Path home,
        String apiHost,
        int apiPort,
        int httpPort,
        String domain,
        Optional<String> databaseUrl,
        List<AddressRange> proxies) {
    private static final List<String> NAMES = List.of(
            "--api-host",
            "--api-port",
            "--http-port",
            "--https-port",
            "--domain",
            "--database-url",
            "--proxy-protocol");

    static PlatformOptions parse(List<String> arguments, Map<String, String> environment) {
        Path home = Optional.ofNullable(environment.get("STOA_HOME"))
                .filter(value -> !value.isEmpty())
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".stoa"));
        PlatformOptions options = new PlatformOptions(
                home.toAbsolutePath().normalize(), "127.0.0.1", 7070, 8080, "localhost", Optional.empty(), List.of());
        Iterator<String> words = arguments.iterator();
        while (words.hasNext()) {
            String[] word = words.next().split("=", 2);
            if (!NAMES.contains(word[0])) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not an option of stoa up".formatted(word[0]),
                        Nearest.of(word[0], NAMES)
                                .map(name -> "did you mean %s?".formatted(name))
                                .orElse("stoa up --help lists the options"));
            }
            if (word.length == 1 && !words.hasNext()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "%s has no value".formatted(word[0]), "for example: --http-port 8080");
            }
            options = options.with(word[0], word.length == 2 ? word[1] : words.next());
        }
        return options;
    }

    private PlatformOptions with(String name, String value) {
        return switch (name) {
            case "--api-host" -> new PlatformOptions(home, value, apiPort, httpPort, domain, databaseUrl, proxies);
            case "--api-port" ->
                new PlatformOptions(home, apiHost, port(name, value), httpPort, domain, databaseUrl, proxies);
            case "--http-port" ->
                new PlatformOptions(home, apiHost, apiPort, port(name, value), domain, databaseUrl, proxies);
            // Taken, so that scripts which name all three ports run, though nothing listens there yet.
            case "--https-port" -> {
                int _ = port(name, value);
                yield this;
            }
            case "--domain" -> new PlatformOptions(home, apiHost, apiPort, httpPort, value, databaseUrl, proxies);
            case "--proxy-protocol" ->
                new PlatformOptions(home, apiHost, apiPort, httpPort, domain, databaseUrl, proxies(name, value));
            default -> new PlatformOptions(home, apiHost, apiPort, httpPort, domain, Optional.of(value), proxies);
        };
    }

    private static List<AddressRange> proxies(String name, String value) {
        return Stream.of(value.split(",", -1))
                .map(text -> AddressRange.parse(text.strip())
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.BAD_REQUEST,
                                "%s %s: \"%s\" is not an address or a range of them"
                                        .formatted(name, value, text.strip()),
                                "for example: %s 127.0.0.1,10.0.0.0/8".formatted(name))))
                .toList();
    }

    private static int port(String name, String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "%s %s: a port is a number from 0 to 65535".formatted(name, value),
                "for example: %s 8080".formatted(name));
    }
}
