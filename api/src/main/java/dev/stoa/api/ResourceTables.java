package dev.stoa.api;

/** The tables {@code [databases.NAME]}, {@code [buckets.NAME]} and so on of the manifest. */
final class ResourceTables {
    private ResourceTables() {}

    static ResourceManifest read(TomlSection top) {
        return ResourceManifest.NONE;
    }
}
