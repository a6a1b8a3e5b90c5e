package dev.stoa.api;

import dev.stoa.api.EdgeManifest.Auth;
import dev.stoa.api.EdgeManifest.Maintenance;
import dev.stoa.api.EdgeManifest.Rate;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/** The table {@code [edge]} of the manifest; what it says of paths is in {@link EdgePaths}. */
final class EdgeTable {
    static final String EXAMPLE = "[edge]";

    /** What the router can compress to, the one that is liked best first. */
    private static final List<String> CODINGS = List.of("br", "zstd", "gzip");

    /** The errors that the router answers with on its own once it knows the app. */
    private static final Set<String> ERRORS = Set.of("401", "403", "413", "429", "502", "503", "504");

    /** Headers that say where a message ends and for whom it is: the router's own. */
    private static final Set<String> OWN_HEADERS = Set.of(
            "connection",
            "content-length",
            "content-encoding",
            "content-type",
            "date",
            "keep-alive",
            "proxy-connection",
            "set-cookie",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "vary");

    private static final long CACHE_BYTES = 32_000_000;
    private static final long CACHE_BYTES_MIN = 1_000_000;
    private static final long CACHE_BYTES_MAX = 128_000_000;
    private static final int REQUESTS_MAX = 1_000_000;
    private static final int ADDRESSES_MAX = 1000;
    private static final int HEADERS_MAX = 50;
    private static final Duration PER_MAX = Duration.ofDays(1);

    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
    private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7e]{0,4000}");
    private static final Pattern USER = Pattern.compile("[\\x21-\\x7e&&[^:\"\\\\]]{1,100}");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private static final KeyExamples EXAMPLES = KeyExamples.of(
            "compress", "compress = [\"br\", \"zstd\", \"gzip\"]",
            "cache", "cache = { size = \"32MB\" }",
            "body", "body = \"10MB\"",
            "rate", "rate = { requests = 100, per = \"1m\", key = \"ip\" }",
            "allow", "allow = [\"203.0.113.0/24\", \"2001:db8::/32\"]",
            "deny", "deny = [\"198.51.100.7\"]",
            "auth", "auth = { user = \"admin\", password_var = \"GATE_PASSWORD\" }",
            "maintenance", "maintenance = { page = \"maintenance.html\", retry_after = \"10m\" }",
            "errors", "errors = { 502 = \"errors/502.html\", 503 = \"errors/503.html\" }",
            "redirects", EdgePaths.REDIRECT,
            "rewrites", EdgePaths.REWRITE,
            "headers", "headers = { X-Frame-Options = \"DENY\" }",
            "access_log", "access_log = false",
            "trace", "trace = false",
            "https", EdgeHttps.MODE,
            "hsts", EdgeHttps.HSTS);

    private static final Map<String, String> RATE =
            KeyExamples.of("requests", "", "per", "", "key", "", "burst", "").byKey();
    private static final Map<String, String> AUTH =
            KeyExamples.of("user", "", "password_var", "").byKey();
    private static final Map<String, String> MAINTENANCE =
            KeyExamples.of("page", "", "retry_after", "", "allow", "").byKey();

    private EdgeTable() {}

    static EdgeManifest read(TomlSection top) {
        return top.section("edge", EXAMPLE).map(edge -> edge(edge, top)).orElse(EdgeManifest.DEFAULT);
    }

    private static EdgeManifest edge(TomlSection edge, TomlSection top) {
        edge.allowOnly(EXAMPLES.byKey(), Map.of());
        return new EdgeManifest(
                compress(edge),
                cache(edge),
                edge.bytes("body", EXAMPLES.of("body")),
                inner(edge, "rate", RATE).map(EdgeTable::rate),
                addresses(edge, "allow", EXAMPLES.of("allow")),
                addresses(edge, "deny", EXAMPLES.of("deny")),
                inner(edge, "auth", AUTH).map(auth -> auth(auth, top)),
                inner(edge, "maintenance", MAINTENANCE).map(EdgeTable::maintenance),
                errors(edge),
                EdgePaths.redirects(edge),
                EdgePaths.rewrites(edge),
                headers(edge),
                edge.flag("access_log", EXAMPLES.of("access_log")).orElse(true),
                edge.flag("trace", EXAMPLES.of("trace")).orElse(true),
                EdgeHttps.mode(edge),
                EdgeHttps.hsts(edge));
    }

    private static Optional<TomlSection> inner(TomlSection edge, String key, Map<String, String> keys) {
        String example = EXAMPLES.of(key);
        Optional<TomlSection> inner = edge.section(key, example);
        inner.ifPresent(section -> {
            Map<String, String> examples = new LinkedHashMap<>();
            keys.keySet().forEach(known -> examples.put(known, example));
            section.allowOnly(examples, Map.of());
        });
        return inner;
    }

    private static List<String> compress(TomlSection edge) {
        String key = "compress";
        Object value = edge.value(key).orElse(false);
        if (value instanceof Boolean flag) {
            return flag ? CODINGS : List.of();
        }
        if (!(value instanceof TomlArray)) {
            throw edge.wrongType(key, "true, or a list of codings", EXAMPLES.of(key));
        }
        List<String> codings = edge.texts(key, EXAMPLES.of(key));
        for (String coding : codings) {
            if (!CODINGS.contains(coding)) {
                throw edge.problem(
                        key,
                        "%s has \"%s\", and knows br, zstd and gzip".formatted(edge.subject(key), coding),
                        EXAMPLES.of(key));
            }
        }
        if (new HashSet<>(codings).size() < codings.size()) {
            throw edge.problem(key, "%s names a coding twice".formatted(edge.subject(key)), EXAMPLES.of(key));
        }
        return codings;
    }

    private static Optional<Long> cache(TomlSection edge) {
        String key = "cache";
        Object value = edge.value(key).orElse(false);
        if (value instanceof Boolean flag) {
            return flag ? Optional.of(CACHE_BYTES) : Optional.empty();
        }
        if (!(value instanceof TomlTable)) {
            throw edge.wrongType(key, "true, or a table with a size", EXAMPLES.of(key));
        }
        TomlSection cache = inner(edge, key, Map.of("size", "")).orElseThrow();
        long bytes = cache.bytes("size", EXAMPLES.of(key)).orElse(CACHE_BYTES);
        if (bytes < CACHE_BYTES_MIN || bytes > CACHE_BYTES_MAX) {
            throw cache.problem(
                    "size", "%s must be from 1MB to 128MB".formatted(cache.subject("size")), EXAMPLES.of(key));
        }
        return Optional.of(bytes);
    }

    private static Rate rate(TomlSection rate) {
        String example = EXAMPLES.of("rate");
        int requests = required(rate, "requests", rate.count("requests", REQUESTS_MAX, example), example);
        Duration per = required(rate, "per", rate.span("per", example), example);
        if (per.compareTo(PER_MAX) > 0) {
            throw rate.problem("per", "%s must be at most a day".formatted(rate.subject("per")), example);
        }
        String key = rate.text("key", example).orElse(Rate.BY_ADDRESS);
        boolean byHeader = key.startsWith(Rate.BY_HEADER)
                && TOKEN.matcher(key.substring(Rate.BY_HEADER.length())).matches();
        if (!key.equals(Rate.BY_ADDRESS) && !byHeader) {
            throw rate.problem(
                    "key",
                    "%s must be \"ip\" or the name of a header, not \"%s\"".formatted(rate.subject("key"), key),
                    "key = \"ip\"   or   key = \"header:X-Api-Key\"");
        }
        return new Rate(
                requests, per, key, rate.count("burst", REQUESTS_MAX, example).orElse(requests));
    }

    private static <T> T required(TomlSection of, String key, Optional<T> value, String example) {
        return value.orElseThrow(() -> of.missing(key, example));
    }

    static List<String> addresses(TomlSection section, String key, String example) {
        List<String> addresses = section.texts(key, example);
        if (addresses.size() > ADDRESSES_MAX) {
            throw section.problem(
                    key, "%s has more than %d entries".formatted(section.subject(key), ADDRESSES_MAX), example);
        }
        for (String address : addresses) {
            if (AddressRange.parse(address).isEmpty()) {
                throw section.problem(
                        key,
                        "%s has \"%s\", which is neither an address nor a range of them"
                                .formatted(section.subject(key), address),
                        example);
            }
        }
        return addresses;
    }

    private static Auth auth(TomlSection auth, TomlSection top) {
        String example = EXAMPLES.of("auth");
        String user = required(auth, "user", auth.text("user", example), example);
        if (!USER.matcher(user).matches()) {
            throw auth.problem(
                    "user",
                    "%s must be 1 to 100 letters of ASCII without a colon".formatted(auth.subject("user")),
                    example);
        }
        String variable = required(auth, "password_var", auth.text("password_var", example), example);
        if (!VARIABLE.matcher(variable).matches()) {
            throw auth.problem(
                    "password_var",
                    "%s must be the name of a config var, not \"%s\"".formatted(auth.subject("password_var"), variable),
                    example + "   and   stoa config set GATE_PASSWORD=…");
        }
        top.section("env", "[env]").flatMap(env -> env.value(variable)).ifPresent(_ -> {
            throw auth.problem(
                    "password_var",
                    "%s names a variable of [env], and the file is no place for a password"
                            .formatted(auth.subject("password_var")),
                    "take it out of [env], and:   stoa config set %s=…".formatted(variable));
        });
        return new Auth(user, variable);
    }

    private static Maintenance maintenance(TomlSection maintenance) {
        String example = EXAMPLES.of("maintenance");
        Optional<String> page = maintenance.text("page", example);
        page.ifPresent(file -> checkFile(maintenance, "page", file, example));
        return new Maintenance(
                page,
                maintenance.span("retry_after", example).orElse(Maintenance.RETRY_AFTER),
                addresses(maintenance, "allow", "allow = [\"203.0.113.7\"]"));
    }

    private static Map<String, String> errors(TomlSection edge) {
        Map<String, String> errors = new LinkedHashMap<>();
        String example = EXAMPLES.of("errors");
        edge.section("errors", example).ifPresent(section -> {
            for (String status : section.keys()) {
                if (!ERRORS.contains(status)) {
                    throw section.problem(
                            status,
                            "\"%s\" is none of the errors that the router itself answers with".formatted(status),
                            "those are 401, 403, 413, 429, 502, 503 and 504; what the app answers is left as it is");
                }
                String file = section.text(status, example).orElseThrow();
                checkFile(section, status, file, example);
                errors.put(status, file);
            }
        });
        return errors;
    }

    private static void checkFile(TomlSection section, String key, String file, String example) {
        boolean inside = !file.startsWith("/")
                && file.indexOf('\0') < 0
                && !List.of(file.split("/", -1)).contains("..");
        if (!inside) {
            throw section.problem(
                    key, "%s must be a file of the source folder".formatted(section.subject(key)), example);
        }
    }

    private static Map<String, String> headers(TomlSection edge) {
        Map<String, String> headers = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        String example = EXAMPLES.of("headers");
        edge.section("headers", example).ifPresent(section -> {
            for (String name : section.keys()) {
                String lower = name.toLowerCase(Locale.ROOT);
                if (!TOKEN.matcher(name).matches() || OWN_HEADERS.contains(lower) || !names.add(lower)) {
                    throw section.problem(
                            name,
                            "\"%s\" cannot be a header of every answer".formatted(name),
                            "it is no name of a header, is there twice, or says how a message is sent; for example   "
                                    + example);
                }
                if (!(section.value(name).orElse("") instanceof String value)) {
                    throw section.wrongType(name, "a string", example);
                }
                if (!HEADER_VALUE.matcher(value).matches() || headers.size() == HEADERS_MAX) {
                    throw section.problem(
                            name,
                            "%s must be one line of at most 4000 letters of ASCII, and there may be %d headers"
                                    .formatted(section.subject(name), HEADERS_MAX),
                            example);
                }
                headers.put(name, value);
            }
        });
        return headers;
    }
}
