package dev.stoa.platform.bucket;

import dev.stoa.api.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Which web pages may speak to a bucket: as its settings say, or as somebody has put it by S3. */
final class Cors {
    private static final int RULES_MAX = 100;
    private static final List<String> METHODS = List.of("GET", "PUT", "POST", "DELETE", "HEAD");

    private final ObjectStore store;

    Cors(ObjectStore store) {
        this.store = store;
    }

    record Rule(
            List<String> origins, List<String> methods, List<String> headers, List<String> exposed, int maxAgeSeconds) {
        Rule {
            origins = List.copyOf(origins);
            methods = List.copyOf(methods);
            headers = List.copyOf(headers);
            exposed = List.copyOf(exposed);
        }

        boolean lets(String origin, String method, List<String> asked) {
            return origins.stream().anyMatch(pattern -> matches(pattern, origin))
                    && methods.contains(method)
                    && asked.stream()
                            .allMatch(header -> headers.stream()
                                    .anyMatch(pattern -> matches(pattern.toLowerCase(Locale.ROOT), header)));
        }

        private static boolean matches(String pattern, String value) {
            int star = pattern.indexOf('*');
            return star < 0
                    ? pattern.equals(value)
                    : Pattern.matches(
                            Pattern.quote(pattern.substring(0, star)) + ".*"
                                    + Pattern.quote(pattern.substring(star + 1)),
                            value);
        }
    }

    private List<Rule> rules(Bucket bucket) {
        Optional<String> put = store.cors(bucket.id());
        if (put.isPresent()) {
            List<Rule> rules = new ArrayList<>();
            for (JsonNode node : Json.read(put.get(), JsonNode.class)) {
                rules.add(new Rule(
                        texts(node.path("origins")),
                        texts(node.path("methods")),
                        texts(node.path("headers")),
                        texts(node.path("exposed")),
                        node.path("maxAgeSeconds").asInt()));
            }
            return rules;
        }
        return bucket.origins().isEmpty()
                ? List.of()
                : List.of(new Rule(bucket.origins(), METHODS, List.of("*"), List.of("ETag", "x-amz-request-id"), 3600));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asString()));
        return texts;
    }

    /** What a browser is told with the answer to such a request; nothing if its page may not make it. */
    Map<String, String> headers(Bucket bucket, S3Request request) {
        Optional<String> origin = request.header("origin");
        if (origin.isEmpty()) {
            return Map.of();
        }
        boolean preflight = request.method().equals("OPTIONS");
        String method =
                preflight ? request.header("access-control-request-method").orElse("") : request.method();
        List<String> asked = preflight
                ? request.header("access-control-request-headers").stream()
                        .flatMap(names -> List.of(names.split(",", -1)).stream())
                        .map(name -> name.strip().toLowerCase(Locale.ROOT))
                        .filter(name -> !name.isEmpty())
                        .toList()
                : List.of();
        for (Rule rule : rules(bucket)) {
            if (rule.lets(origin.get(), method, asked)) {
                Map<String, String> headers = new LinkedHashMap<>();
                boolean all = rule.origins().contains("*");
                headers.put("Access-Control-Allow-Origin", all ? "*" : origin.get());
                if (!all) {
                    headers.put("Access-Control-Allow-Credentials", "true");
                }
                headers.put("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
                headers.put("Access-Control-Allow-Methods", String.join(", ", rule.methods()));
                if (!asked.isEmpty()) {
                    headers.put("Access-Control-Allow-Headers", String.join(", ", asked));
                }
                if (!rule.exposed().isEmpty()) {
                    headers.put("Access-Control-Expose-Headers", String.join(", ", rule.exposed()));
                }
                if (preflight && rule.maxAgeSeconds() > 0) {
                    headers.put("Access-Control-Max-Age", Integer.toString(rule.maxAgeSeconds()));
                }
                return headers;
            }
        }
        return Map.of();
    }

    S3Answer show(Bucket bucket) {
        List<Rule> rules = rules(bucket);
        if (rules.isEmpty()) {
            throw new S3Exception(S3Code.NoSuchCORSConfiguration, "The CORS configuration does not exist.");
        }
        Xml xml = Xml.root("CORSConfiguration");
        for (Rule rule : rules) {
            xml.open("CORSRule");
            rule.origins().forEach(each -> xml.leaf("AllowedOrigin", each));
            rule.methods().forEach(each -> xml.leaf("AllowedMethod", each));
            rule.headers().forEach(each -> xml.leaf("AllowedHeader", each));
            rule.exposed().forEach(each -> xml.leaf("ExposeHeader", each));
            xml.leaf("MaxAgeSeconds", rule.maxAgeSeconds()).close("CORSRule");
        }
        return S3Answer.of(xml.close("CORSConfiguration"));
    }

    S3Answer put(Bucket bucket, Xml.Element wanted) {
        List<Rule> rules = new ArrayList<>();
        for (Xml.Element rule : wanted.all("CORSRule")) {
            List<String> methods = texts(rule, "AllowedMethod");
            if (methods.isEmpty()
                    || !METHODS.containsAll(methods)
                    || rule.all("AllowedOrigin").isEmpty()) {
                throw new S3Exception(
                        S3Code.MalformedXML,
                        "A rule has origins, and methods out of " + String.join(", ", METHODS) + ".");
            }
            int age;
            try {
                age = Integer.parseInt(rule.text("MaxAgeSeconds").orElse("0").strip());
            } catch (NumberFormatException e) {
                throw new S3Exception(S3Code.MalformedXML, "MaxAgeSeconds is a number.");
            }
            rules.add(new Rule(
                    texts(rule, "AllowedOrigin"),
                    methods,
                    texts(rule, "AllowedHeader"),
                    texts(rule, "ExposeHeader"),
                    age));
        }
        if (rules.isEmpty() || rules.size() > RULES_MAX) {
            throw new S3Exception(S3Code.MalformedXML, "There are 1 to 100 rules.");
        }
        store.cors(bucket.id(), Optional.of(Json.write(rules)));
        return S3Answer.empty(S3Answer.OK);
    }

    /** From then on what the settings say holds again. */
    S3Answer delete(Bucket bucket) {
        store.cors(bucket.id(), Optional.empty());
        return S3Answer.empty(S3Answer.NO_CONTENT);
    }

    private static List<String> texts(Xml.Element rule, String name) {
        return rule.all(name).stream().map(Xml.Element::text).toList();
    }
}
