package dev.stoa.platform.http;

import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The OpenAPI 3.1 document of a list of endpoints. */
final class OpenApi {
    private static final Pattern PATH_PARAMETER = Pattern.compile("\\{(\\w+)}");

    private final Schemas schemas = new Schemas();

    static String of(List<Endpoint> endpoints, String version) {
        return Json.writePretty(new OpenApi().document(endpoints, version));
    }

    private Map<String, Object> document(List<Endpoint> endpoints, String version) {
        Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
        for (Endpoint endpoint : endpoints.stream().filter(Endpoint::described).toList()) {
            paths.computeIfAbsent(endpoint.path(), path -> new LinkedHashMap<>())
                    .put(endpoint.method().toLowerCase(java.util.Locale.ROOT), operation(endpoint));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.1.0");
        document.put("info", Map.of("title", "Stoa", "version", version));
        document.put("security", List.of(Map.of("token", List.of())));
        document.put("paths", paths);
        document.put(
                "components",
                Map.of(
                        "schemas", schemas.components(),
                        "securitySchemes", Map.of("token", Map.of("type", "http", "scheme", "bearer"))));
        return document;
    }

    private Map<String, Object> operation(Endpoint endpoint) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("summary", endpoint.summary());
        if (endpoint.isOpen()) {
            operation.put("security", List.of());
        }
        operation.put("parameters", parameters(endpoint));
        endpoint.requestType()
                .ifPresent(type -> operation.put(
                        "requestBody",
                        Map.of("required", true, "content", content("application/json", schemas.of(type)))));
        endpoint.requestStream()
                .ifPresent(media -> operation.put(
                        "requestBody",
                        Map.of(
                                "required",
                                true,
                                "content",
                                content(media, Map.of("type", "string", "format", "binary")))));
        operation.put(
                "responses",
                Map.of(
                        "" + endpoint.status(),
                        success(endpoint),
                        "default",
                        Map.of(
                                "description",
                                "An error",
                                "content",
                                content("application/problem+json", schemas.of(Problem.class)))));
        return operation;
    }

    private static List<Object> parameters(Endpoint endpoint) {
        List<Object> parameters = new ArrayList<>();
        Matcher path = PATH_PARAMETER.matcher(endpoint.path());
        while (path.find()) {
            parameters.add(
                    Map.of("name", path.group(1), "in", "path", "required", true, "schema", Map.of("type", "string")));
        }
        endpoint.queries()
                .forEach(query -> parameters.add(Map.of(
                        "name", query.name(),
                        "in", "query",
                        "description", query.description(),
                        "schema", Map.of("type", "string"))));
        return parameters;
    }

    private Map<String, Object> success(Endpoint endpoint) {
        Map<String, Object> response = new LinkedHashMap<>(Map.of("description", "Done"));
        endpoint.responseType()
                .ifPresent(type -> response.put("content", content("application/json", schemas.of(type))));
        endpoint.eventType()
                .ifPresent(type -> response.put("content", content(ApiServer.EVENT_STREAM, schemas.of(type))));
        return response;
    }

    private static Map<String, Object> content(String mediaType, Map<String, Object> schema) {
        return Map.of(mediaType, Map.of("schema", schema));
    }
}
