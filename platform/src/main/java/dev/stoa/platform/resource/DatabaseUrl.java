package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a database is and how to be let in, as the URL that PostgreSQL's own tools take.
 *
 * @param options what stands behind the question mark, such as {@code sslmode}
 */
public record DatabaseUrl(
        String host, int port, String database, String user, String password, Map<String, String> options) {
    private static final int DEFAULT_PORT = 5432;
    private static final int PORT_MAX = 65_535;
    private static final int URL_CHARS_MAX = 4096;
    private static final String EXAMPLE = "for example: postgresql://user:password@host:5432/name?sslmode=require";

    private static final List<String> SSL_MODES =
            List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** Those of libpq that are written in URLs; others may be of a client library, and are passed on. */
    private static final List<String> KNOWN = List.of(
            "sslmode",
            "sslrootcert",
            "sslcert",
            "sslkey",
            "connect_timeout",
            "application_name",
            "options",
            "channel_binding",
            "target_session_attrs",
            "gssencmode",
            "keepalives",
            "client_encoding",
            "schema",
            "pgbouncer",
            "connection_limit",
            "pool_timeout");

    public DatabaseUrl {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /** @throws StoaException BAD_REQUEST, which never shows the password */
    public static DatabaseUrl parse(String text) {
        if (text.length() > URL_CHARS_MAX) {
            throw bad("it has more than %d characters".formatted(URL_CHARS_MAX));
        }
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw bad("it is no URL: %s at character %d".formatted(e.getReason(), e.getIndex() + 1));
        }
        String scheme = uri.getScheme();
        if (scheme == null || !List.of("postgres", "postgresql").contains(scheme)) {
            throw bad("it does not begin with postgresql://");
        }
        if (uri.getHost() == null || uri.getHost().isEmpty()) {
            throw bad("it names no host, or one that is no host name");
        }
        String login = uri.getRawUserInfo();
        if (login == null || login.isEmpty() || login.startsWith(":")) {
            throw bad("it names no user");
        }
        int colon = login.indexOf(':');
        int port = uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort();
        if (port < 1 || port > PORT_MAX) {
            throw bad("its port is %d, and a port is from 1 to %d".formatted(port, PORT_MAX));
        }
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String database = decoded(path.startsWith("/") ? path.substring(1) : path);
        if (database.isEmpty() || database.contains("/")) {
            throw bad("it names no database: after the host stands /NAME");
        }
        return new DatabaseUrl(
                uri.getHost(),
                port,
                database,
                decoded(colon < 0 ? login : login.substring(0, colon)),
                colon < 0 ? "" : decoded(login.substring(colon + 1)),
                options(uri.getRawQuery() == null ? "" : uri.getRawQuery(), text.contains("?")));
    }

    private static Map<String, String> options(String query, boolean any) {
        Map<String, String> options = new LinkedHashMap<>();
        if (!any) {
            return options;
        }
        for (String option : query.split("&", -1)) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw bad("its option \"%s\" is not NAME=VALUE".formatted(shown(option)));
            }
            String name = decoded(option.substring(0, equals));
            String value = decoded(option.substring(equals + 1));
            if (!KNOWN.contains(name)) {
                Nearest.of(name, KNOWN).ifPresent(near -> {
                    throw bad("it has an option \"%s\"; did you mean \"%s\"?".formatted(shown(name), near));
                });
            }
            if (options.put(name, value) != null) {
                throw bad("its option \"%s\" stands there twice".formatted(shown(name)));
            }
            if (name.equals("sslmode") && !SSL_MODES.contains(value)) {
                throw bad("its sslmode is \"%s\", and there are: %s"
                        .formatted(shown(value), String.join(", ", SSL_MODES)));
            }
            if (name.equals("connect_timeout") && !value.matches("\\d{1,6}")) {
                throw bad("its connect_timeout is \"%s\", and it is a number of seconds".formatted(shown(value)));
            }
        }
        return options;
    }

    private static String shown(String text) {
        return text.replaceAll("\\p{Cntrl}", "?").substring(0, Math.min(40, text.length()));
    }

    private static StoaException bad(String why) {
        return new StoaException(
                ErrorCode.BAD_REQUEST, "that is not the URL of a PostgreSQL database: " + why, EXAMPLE);
    }

    private static String decoded(String part) {
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw bad("it has a %% that is not followed by two hexadecimal digits".formatted());
        }
    }

    private static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** One line, which psql and the client libraries take. */
    public String text() {
        String query = options.entrySet().stream()
                .map(option -> encoded(option.getKey()) + "=" + encoded(option.getValue()))
                .collect(Collectors.joining("&"));
        return "postgresql://%s:%s@%s:%d/%s%s"
                .formatted(
                        encoded(user),
                        encoded(password),
                        host,
                        port,
                        encoded(database),
                        query.isEmpty() ? "" : "?" + query);
    }

    /** For the driver; user and password go beside it. */
    String jdbcUrl() {
        String ssl = options.getOrDefault("sslmode", "prefer");
        String schema = options.containsKey("schema") ? "&currentSchema=" + encoded(options.get("schema")) : "";
        return "jdbc:postgresql://%s:%d/%s?sslmode=%s&gssEncMode=disable%s"
                .formatted(host, port, encoded(database), encoded(ssl), schema);
    }
}
