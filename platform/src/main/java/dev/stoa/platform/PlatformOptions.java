package dev.stoa.platform;

import dev.stoa.api.AddressRange;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.certificate.AcmeBinding;
import dev.stoa.platform.certificate.AcmeOptions;
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
 * How the platform was asked to run.
 *
 * @param home        the data directory: {@code STOA_HOME}, else {@code ~/.stoa}
 * @param apiHost     the address of the API; the loopback one unless told otherwise
 * @param httpPort    of the router, on all addresses; like the other ports 0 means any that is free
 * @param httpsPort   of the router, on the same addresses
 * @param domain      the suffix of the apps' names: {@code shop.localhost}
 * @param databaseUrl a PostgreSQL to use in place of the embedded one, as a {@code postgres://} or {@code jdbc:} URL
 * @param acme        who is asked for certificates; absent: nobody
 * @param proxies     where connections begin with the PROXY protocol
 * @param publicHttpsPort by which clients reach the one for HTTPS; 0: the router finds out by how they come
 * @param router      whether the world comes by a router in this process; if not, the ports are those of routers of their own
 */
public record PlatformOptions(
        Path home,
        String apiHost,
        int apiPort,
        int httpPort,
        int httpsPort,
        String domain,
        Optional<String> databaseUrl,
        Optional<AcmeOptions> acme,
        List<AddressRange> proxies,
        int publicHttpsPort,
        boolean router) {
    public PlatformOptions {
        if (!router && (httpPort == 0 || httpsPort == 0)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s: the ports are those of the routers in other processes, so none can be 0".formatted(NO_ROUTER),
                    "for example: %s --http-port 80 --https-port 443".formatted(NO_ROUTER));
        }
        if (!router && !proxies.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s and %s: no connection of the world comes here".formatted(NO_ROUTER, PROXY_PROTOCOL),
                    "say %s where the routers are started".formatted(PROXY_PROTOCOL));
        }
    }

    private static final String ACME_DIRECTORY = "--acme-directory";
    private static final String ACME_EMAIL = "--acme-email";
    private static final String ACME_CA = "--acme-ca";
    private static final String ACME_EAB = "--acme-eab";
    private static final String PUBLIC_HTTPS_PORT = "--public-https-port";
    private static final String NO_ROUTER = "--no-router";
    private static final String PROXY_PROTOCOL = "--proxy-protocol";

    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+\\.[^@\\s]+");

    private static final List<String> NAMES = List.of(
            "--api-host",
            "--api-port",
            "--http-port",
            "--https-port",
            "--domain",
            "--database-url",
            ACME_DIRECTORY,
            ACME_EMAIL,
            ACME_CA,
            ACME_EAB,
            PROXY_PROTOCOL,
            PUBLIC_HTTPS_PORT,
            NO_ROUTER);

    /** For service managers, which are easier to give variables than arguments. The options win. */
    private static final Map<String, String> VARIABLES = Map.of(
            ACME_DIRECTORY,
            "STOA_ACME_DIRECTORY",
            ACME_EMAIL,
            "STOA_ACME_EMAIL",
            ACME_CA,
            "STOA_ACME_CA",
            ACME_EAB,
            "STOA_ACME_EAB");

    static PlatformOptions parse(List<String> arguments, Map<String, String> environment) {
        Path home = Optional.ofNullable(environment.get("STOA_HOME"))
                .filter(value -> !value.isEmpty())
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".stoa"));
        Map<String, String> given = new HashMap<>();
        VARIABLES.forEach((name, variable) -> Optional.ofNullable(environment.get(variable))
                .filter(value -> !value.isEmpty())
                .ifPresent(value -> given.put(name, value)));
        given.putAll(given(arguments));
        return new PlatformOptions(
                home.toAbsolutePath().normalize(),
                given.getOrDefault("--api-host", "127.0.0.1"),
                port(given, "--api-port", "7070"),
                port(given, "--http-port", "8080"),
                port(given, "--https-port", "8443"),
                given.getOrDefault("--domain", "localhost"),
                Optional.ofNullable(given.get("--database-url")),
                acme(given),
                Optional.ofNullable(given.get(PROXY_PROTOCOL))
                        .map(value -> AddressRange.list(PROXY_PROTOCOL, value))
                        .orElse(List.of()),
                port(given, PUBLIC_HTTPS_PORT, "0"),
                !given.containsKey(NO_ROUTER));
    }

    private static Map<String, String> given(List<String> arguments) {
        Map<String, String> given = new HashMap<>();
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
            if (word[0].equals(NO_ROUTER) && word.length == 1) {
                given.put(NO_ROUTER, "");
                continue;
            }
            if (word.length == 1 && !words.hasNext()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "%s has no value".formatted(word[0]), "for example: --http-port 8080");
            }
            given.put(word[0], word.length == 2 ? word[1] : words.next());
        }
        return given;
    }

    /** Nobody is asked without being named, or being told whom to write to. */
    private static Optional<AcmeOptions> acme(Map<String, String> given) {
        Optional<String> email = Optional.ofNullable(given.get(ACME_EMAIL));
        Optional<Path> authorities = Optional.ofNullable(given.get(ACME_CA)).map(PlatformOptions::readable);
        if (email.isPresent() && !EMAIL.matcher(email.get()).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s %s is not an email address".formatted(ACME_EMAIL, email.get()),
                    "for example: %s you@example.com".formatted(ACME_EMAIL));
        }
        Optional<URI> directory = Optional.ofNullable(given.get(ACME_DIRECTORY)).map(PlatformOptions::directory);
        Optional<AcmeBinding> binding =
                Optional.ofNullable(given.get(ACME_EAB)).map(value -> AcmeBinding.parse(ACME_EAB, value));
        if (binding.isPresent() && directory.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s goes with %s: Let's Encrypt binds no accounts".formatted(ACME_EAB, ACME_DIRECTORY),
                    "for example: %s https://acme.zerossl.com/v2/DV90".formatted(ACME_DIRECTORY));
        }
        if (directory.isEmpty() && email.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new AcmeOptions(directory.orElse(AcmeOptions.LETS_ENCRYPT), email, authorities, binding));
    }

    private static URI directory(String text) {
        try {
            URI uri = new URI(text);
            if ("https".equals(uri.getScheme()) && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Said below, together with the addresses that are of no use.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "%s %s is not the https address of an ACME directory".formatted(ACME_DIRECTORY, text),
                "for example: %s %s".formatted(ACME_DIRECTORY, AcmeOptions.LETS_ENCRYPT));
    }

    private static Path readable(String text) {
        Path file = Path.of(text).toAbsolutePath();
        if (!Files.isReadable(file)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s %s is not a file that the platform can read".formatted(ACME_CA, text),
                    "it names a file of certificates in PEM form");
        }
        return file;
    }

    private static int port(Map<String, String> given, String name, String otherwise) {
        return port(name, given.getOrDefault(name, otherwise));
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
