package dev.stoa.api;

/** What an app is given, from the tables {@code [databases.NAME]}, {@code [buckets.NAME]} and so on of the manifest. */
public record ResourceManifest() {
    public static final ResourceManifest NONE = new ResourceManifest();
}
