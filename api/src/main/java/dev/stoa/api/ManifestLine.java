package dev.stoa.api;

/**
 * One line of an app's manifest and where it comes from.
 *
 * @param key    as in stoa.toml, such as {@code processes.web.command}
 * @param value  a string, a number, a boolean, a list of strings, or a table such as {@code instances} can be
 * @param source such as {@code stoa.toml:3}, {@code Procfile:1}, {@code python buildpack} or {@code default}
 */
public record ManifestLine(String key, Object value, String source) {}
