package dev.stoa.platform.build;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * JSON as Python's {@code json.dumps(…, sort_keys=True)} writes it: package managers compare the hash of that.
 *
 * @param comma between members
 * @param colon after a key
 */
record CanonicalJson(String comma, String colon) {
    static final CanonicalJson DEFAULT = new CanonicalJson(", ", ": ");
    static final CanonicalJson COMPACT = new CanonicalJson(",", ":");

    String sha256(JsonNode node) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(write(node).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    String write(JsonNode node) {
        if (node.isObject()) {
            Map<String, JsonNode> sorted = new TreeMap<>();
            node.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            return sorted.entrySet().stream()
                    .map(entry -> text(entry.getKey()) + colon + write(entry.getValue()))
                    .collect(Collectors.joining(comma, "{", "}"));
        }
        if (node.isArray()) {
            return node.valueStream().map(this::write).collect(Collectors.joining(comma, "[", "]"));
        }
        return node.isString() ? text(node.stringValue()) : node.toString();
    }

    /** A JSON string in ASCII. */
    private static String text(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> text.append(c < ' ' || c > '~' ? "\\u%04x".formatted((int) c) : String.valueOf(c));
            }
        }
        return text.append('"').toString();
    }
}
