package dev.stoa.api;

import dev.stoa.api.ResourceManifest.Wish;

/**
 * An add-on of Heroku's that {@code app.json} names, and what the app is given in its place.
 *
 * @param service such as {@code heroku-postgresql}
 */
public record Addon(String service, Wish wish) {}
