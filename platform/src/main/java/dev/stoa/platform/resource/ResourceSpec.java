package dev.stoa.platform.resource;

import java.util.HashMap;
import java.util.Map;

/**
 * One resource, as its kind sees it.
 *
 * @param id       never used again
 * @param name     unique within its kind
 * @param settings complete, as {@link ResourceKind#settle} made them
 * @param secrets  what {@link ResourceKind#provision} returned last; empty before it first did
 */
public record ResourceSpec(long id, String name, Map<String, String> settings, Map<String, String> secrets) {
    public ResourceSpec {
        settings = Map.copyOf(settings);
        secrets = Map.copyOf(secrets);
    }

    /** A setting that {@link ResourceKind#settle} always gives. */
    public String setting(String key) {
        return required(settings, key);
    }

    public String secret(String key) {
        return required(secrets, key);
    }

    /** The same with another secret, or another value of it. */
    public ResourceSpec withSecret(String key, String value) {
        Map<String, String> changed = new HashMap<>(secrets);
        changed.put(key, value);
        return new ResourceSpec(id, name, settings, changed);
    }

    /** The same with another setting, or another value of it. */
    ResourceSpec withSetting(String key, String value) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.put(key, value);
        return new ResourceSpec(id, name, changed, secrets);
    }

    private String required(Map<String, String> values, String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalStateException("%s has no %s".formatted(name, key));
        }
        return value;
    }
}
