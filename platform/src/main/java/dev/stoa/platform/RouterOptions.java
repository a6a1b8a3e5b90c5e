package dev.stoa.platform;

import dev.stoa.api.AddressRange;
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
import java.util.regex.Pattern;

/**
 * How a router of its own was asked to run.
 *
 * @param httpPort  on all addresses; 0 means any that is free
 * @param httpsPort the same; absent: no HTTPS, and nobody asks for private keys
 * @param publicHttpsPort by which clients reach the one for HTTPS; 0: the router finds out by how they come
 * @param proxies   where connections begin with the PROXY protocol
 * @param url       of the platform's API
 * @param tokenFile read at each attempt to connect, so that the token may change
 * @param token     in place of the file
 * @param state     the file of its last route table and its id
 */
record RouterOptions(
        int httpPort,
        Optional<Integer> httpsPort,
        int publicHttpsPort,
        List<AddressRange> proxies,
        URI url,
        Path tokenFile,
        Optional<String> token,
        Path state) {
    private static final String HTTP_PORT = "--http-port";
    private static final String HTTPS_PORT = "--https-port";
    private static final String PUBLIC_HTTPS_PORT = "--public-https-port";
    private static final String PROXY_PROTOCOL = "--proxy-protocol";
    private static final String URL = "--url";
    private static final String TOKEN_FILE = "--token-file";
    private static final String STATE = "--state";
    private static final List<String> NAMES =
            List.of(HTTP_PORT, HTTPS_PORT, PUBLIC_HTTPS_PORT, PROXY_PROTOCOL, URL, TOKEN_FILE, STATE);
    private static final int PORT_MAX = 65_535;

    /** Names that never leave the machine; another name may lead anywhere tomorrow. */
    private static final Pattern THIS_MACHINE = Pattern.compile("localhost|127\\.[0-9.]+|\\[::1\\]");

    RouterOptions {
        proxies = List.copyOf(proxies);
        if (httpsPort.isPresent()
                && url.getScheme().equals("http")
                && !THIS_MACHINE.matcher(url.getHost()).matches()) {
            throw wrong(
                    "%s with %s %s: the private keys of certificates would travel unencrypted"
                            .formatted(HTTPS_PORT, URL, url),
                    "reach the API by https, or through a tunnel: ssh -N -L 7070:127.0.0.1:7070 %s   and %s http://127.0.0.1:7070"
                            .formatted(url.getHost(), URL));
        }
    }

    static RouterOptions parse(List<String> arguments, Map<String, String> environment) {
        Map<String, String> given = given(arguments);
        Path home = variable(environment, "STOA_HOME")
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".stoa"))
                .toAbsolutePath()
                .normalize();
        int port = port(HTTP_PORT, given.getOrDefault(HTTP_PORT, "8080"));
        Optional<Path> tokenFile = Optional.ofNullable(given.get(TOKEN_FILE)).map(Path::of);
        return new RouterOptions(
                port,
                Optional.ofNullable(given.get(HTTPS_PORT)).map(value -> port(HTTPS_PORT, value)),
                port(PUBLIC_HTTPS_PORT, given.getOrDefault(PUBLIC_HTTPS_PORT, "0")),
                Optional.ofNullable(given.get(PROXY_PROTOCOL))
                        .map(value -> AddressRange.list(PROXY_PROTOCOL, value))
                        .orElse(List.of()),
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

    /** Beside the state: certificates, and their keys. */
    Path keys() {
        return state.resolveSibling(state.getFileName() + ".keys");
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

    private static int port(String name, String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= PORT_MAX) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, together with the numbers that are out of range.
        }
        throw wrong(
                "%s %s: a port is a number from 0 to %d".formatted(name, value, PORT_MAX),
                "for example: %s 8080".formatted(name));
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
