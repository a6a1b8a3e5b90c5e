package dev.stoa.api;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an app is given, from the tables {@code [databases.NAME]}, {@code [buckets.NAME]} and so on of the manifest.
 *
 * @param wishes in the order of the kinds, and of their names
 */
public record ResourceManifest(List<Wish> wishes) {
    public static final ResourceManifest NONE = new ResourceManifest(List.of());

    public ResourceManifest {
        wishes = List.copyOf(wishes);
    }

    /** The group of commands of a kind, such as {@code db} of {@code stoa db}. */
    public static String groupOf(String kind) {
        return kind.equals("database") ? "db" : kind;
    }

    /**
     * One table.
     *
     * @param kind     such as {@code database}
     * @param name     by which the app knows it, such as {@code main}
     * @param settings by key, as text; which values are good is known to the kind
     */
    public record Wish(String kind, String name, Map<String, String> settings) {
        public Wish {
            settings = Map.copyOf(settings);
        }

        /** As the manifest calls it: {@code databases.main}. */
        public String key() {
            return ResourceTables.tableOf(kind) + "." + name;
        }

        /** The settings in the order of their names. */
        public Map<String, String> sorted() {
            return new TreeMap<>(settings);
        }
    }
}
