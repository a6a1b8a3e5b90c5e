package dev.stoa.platform.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** JSON Schemas of the records of the wire, by reflection. */
final class Schemas {
    private final Map<String, Object> components = new TreeMap<>();

    record ListOf(Class<?> element) implements Type {}

    record MapOf(Class<?> value) implements Type {}

    /** By name, of everything that {@link #of} has met. */
    Map<String, Object> components() {
        return components;
    }

    /** The schema of a type; that of a record is a reference into the components. */
    Map<String, Object> of(Type type) {
        return switch (type) {
            case ListOf list -> Map.of("type", "array", "items", of(list.element()));
            case MapOf map -> Map.of("type", "object", "additionalProperties", of(map.value()));
            case ParameterizedType generic -> ofGeneric(generic);
            case Class<?> plain -> ofClass(plain);
            default -> throw new IllegalArgumentException("no schema for " + type);
        };
    }

    private Map<String, Object> ofGeneric(ParameterizedType type) {
        Type[] arguments = type.getActualTypeArguments();
        if (type.getRawType() == List.class) {
            return Map.of("type", "array", "items", of(arguments[0]));
        }
        if (type.getRawType() == Map.class) {
            return Map.of("type", "object", "additionalProperties", of(arguments[1]));
        }
        if (type.getRawType() == Optional.class) {
            return of(arguments[0]);
        }
        throw new IllegalArgumentException("no schema for " + type);
    }

    private Map<String, Object> ofClass(Class<?> type) {
        if (type == Object.class) {
            return Map.of(); // any value
        }
        if (type == String.class) {
            return Map.of("type", "string");
        }
        if (type == Instant.class) {
            return Map.of("type", "string", "format", "date-time");
        }
        if (type == boolean.class || type == Boolean.class) {
            return Map.of("type", "boolean");
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return Map.of("type", "integer");
        }
        if (type == double.class || type == Double.class) {
            return Map.of("type", "number");
        }
        if (type.isEnum()) {
            return Map.of("type", "string", "enum", words(type));
        }
        if (type.isRecord()) {
            return reference(type, this::ofRecord);
        }
        if (type.isSealed()) {
            return reference(type, this::ofSealed);
        }
        throw new IllegalArgumentException("no schema for " + type);
    }

    /** How the constants of an enum are written. */
    private static List<String> words(Class<?> type) {
        return Arrays.stream(type.getFields())
                .filter(Field::isEnumConstant)
                .map(constant -> Optional.ofNullable(constant.getAnnotation(JsonProperty.class))
                        .map(JsonProperty::value)
                        .orElse(constant.getName()))
                .toList();
    }

    private Map<String, Object> reference(Class<?> type, java.util.function.Function<Class<?>, Object> schema) {
        String name = name(type);
        if (!components.containsKey(name)) {
            components.put(name, Map.of()); // so that a type which contains itself ends
            components.put(name, schema.apply(type));
        }
        return Map.of("$ref", "#/components/schemas/" + name);
    }

    private Object ofRecord(Class<?> type) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            properties.put(component.getName(), of(component.getGenericType()));
            if (component.getType() != Optional.class) {
                required.add(component.getName());
            }
        }
        return Map.of("type", "object", "properties", properties, "required", required);
    }

    /** One of its records, told apart by the member {@code type}. */
    private Object ofSealed(Class<?> type) {
        JsonSubTypes subtypes = Objects.requireNonNull(type.getAnnotation(JsonSubTypes.class), type.getName());
        Map<String, Object> mapping = new LinkedHashMap<>();
        List<Map<String, Object>> options = Arrays.stream(subtypes.value())
                .map(subtype -> {
                    Map<String, Object> schema = of(subtype.value());
                    mapping.put(subtype.name(), Objects.requireNonNull(schema.get("$ref")));
                    return schema;
                })
                .toList();
        return Map.of("oneOf", options, "discriminator", Map.of("propertyName", "type", "mapping", mapping));
    }

    /** {@code DeployEvent.Line} is {@code DeployEventLine}, {@code Requests.Scale} is {@code Scale}. */
    private static String name(Class<?> type) {
        Class<?> outer = type.getDeclaringClass();
        return outer != null && outer.isSealed() ? outer.getSimpleName() + type.getSimpleName() : type.getSimpleName();
    }
}
