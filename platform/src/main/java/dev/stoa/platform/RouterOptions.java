package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a router of its own was asked to run.
 *
 * @param httpPort  on all addresses; 0 means any that is free
 * @param url       of the platform's API
 * @param tokenFile read at each attempt to connect, so that the token may change
 * @param token     in place of the file
 * @param state     the file of its last route table and its id
 */
record RouterOptions(int httpPort, URI url, Path tokenFile, Optional<String> token, Path state) {
    private static final String HTTP_PORT = "--http-port";
    private static final String URL = "--url";
    private static final String TOKEN_FILE = "--token-file";
    private static final String STATE = "--state";
    private static final List<String> NAMES = List.of(HTTP_PORT, URL, TOKEN_FILE, STATE);
    private static final int PORT_MAX = 65_535;

    static RouterOptions parse(List<String> arguments, Map<String, String> environment) {
        Map<String, String> given = given(arguments);
        Path home = variable(environment, "STOA_HOME")
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".stoa"))
                .toAbsolutePath()
                .normalize();
        int port = port(given.getOrDefault(HTTP_PORT, "8080"));
        Optional<Path> tokenFile = Optional.ofNullable(given.get(TOKEN_FILE)).map(Path::of);
        return new RouterOptions(
                port,
                url(Optional.ofNullable(given.get(URL))
                        .or(() -> variable(environment, "STOA_URL"))
                        .orElse("http://127.0.0.1:7070")),
                tokenFile.orElse(home.resolve("token")),
                tokenFile.isPresent() ? Optional.empty() : variable(environment, "STOA_TOKEN"),
                Optional.ofNullable(given.get(STATE))
                        .map(Path::of)
                        .orElse(home.resolve("router-%d.json".formatted(port)))
                        .toAbsolutePath());
    }

    String currentToken() {
        return token.orElseGet(() -> {
            try {
                return Files.readString(tokenFile).strip();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the token from " + tokenFile, e);
            }
        });
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    private static Map<String, String> given(List<String> arguments) {
        Map<String, String> given = new HashMap<>();
        Iterator<String> words = arguments.iterator();
        while (words.hasNext()) {
            String[] word = words.next().split("=", 2);
            if (!NAMES.contains(word[0])) {
                throw wrong(
                        "\"%s\" is not an option of stoa router".formatted(word[0]),
                        Nearest.of(word[0], NAMES)
                                .map("did you mean %s?"::formatted)
                                .orElse("stoa router --help lists the options"));
            }
            if (word.length == 1 && !words.hasNext()) {
                throw wrong("%s has no value".formatted(word[0]), "stoa router --help shows what it takes");
            }
            given.put(word[0], word.length == 2 ? word[1] : words.next());
        }
        return given;
    }

    private static int port(String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= PORT_MAX) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw wrong(
                "%s %s: a port is a number from 0 to %d".formatted(HTTP_PORT, value, PORT_MAX),
                "for example: --http-port 8080");
    }

    private static URI url(String text) {
        try {
            URI url = new URI(text.replaceFirst("/+$", ""));
            if (url.getHost() != null && List.of("http", "https").contains(url.getScheme())) {
                return url;
            }
        } catch (URISyntaxException e) {
            // Said below, together with those that are no addresses of a platform.
        }
        throw wrong(
                "%s %s is not the address of a platform".formatted(URL, text),
                "for example: --url http://10.0.0.1:7070");
    }

    private static StoaException wrong(String what, String hint) {
        return new StoaException(ErrorCode.BAD_REQUEST, what, hint);
    }
}
