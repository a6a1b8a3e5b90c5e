package dev.stoa.api;

import dev.stoa.api.ResourceManifest.Wish;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tables {@code [databases.NAME]}, {@code [buckets.NAME]} and so on of the manifest: an entry here for each kind. */
final class ResourceTables {
    /** Each may be a process of its own. */
    static final int TABLES_MAX = 50;

    /**
     * One kind of table.
     *
     * @param kind     what one of them is
     * @param table    what the manifest calls several
     * @param example  of a table's head
     * @param settings the keys of a table
     */
    record Kind(String kind, String table, String example, KeyExamples settings) {}

    /** In the order in which a deploy sees to them. */
    private static final List<Kind> KINDS = List.of(
            new Kind(
                    "database",
                    "databases",
                    "[databases.main]",
                    KeyExamples.of(
                            "plan",
                            "plan = \"small\"",
                            "version",
                            "version = \"18\"",
                            "sleep",
                            "sleep = \"15m\"",
                            "pool",
                            "pool = \"transaction\"",
                            "backup",
                            "backup = { schedule = \"0 3 * * *\", keep = \"7d\" }")),
            new Kind(
                    "bucket",
                    "buckets",
                    "[buckets.photos]",
                    KeyExamples.of(
                            "public",
                            "public = true",
                            "quota",
                            "quota = \"10GB\"",
                            "cors",
                            "cors = [\"https://shop.example.com\"]")),
            new Kind(
                    "volume",
                    "volumes",
                    "[volumes.data]",
                    KeyExamples.of(
                            "path",
                            "path = \"/data\"",
                            "quota",
                            "quota = \"10GB\"",
                            "shared",
                            "shared = true",
                            "process",
                            "process = \"worker\"")),
            new Kind(
                    "cache",
                    "caches",
                    "[caches.main]",
                    KeyExamples.of(
                            "plan",
                            "plan = \"small\"",
                            "eviction",
                            "eviction = \"allkeys-lru\"",
                            "persistent",
                            "persistent = true",
                            "engine",
                            "engine = \"valkey\"")));

    /** An example with this is that of a list of texts, which a kind gets with commas between them. */
    private static final String LIST = "= [";

    private static final String BACKUP = "backup";
    private static final Map<String, String> BACKUP_KEYS =
            Map.of("schedule", "schedule = \"0 3 * * *\"", "keep", "keep = \"7d\"");

    private ResourceTables() {}

    /** For the top of the manifest: by key, how it is written. */
    static Map<String, String> examples() {
        Map<String, String> examples = new LinkedHashMap<>();
        KINDS.forEach(kind -> examples.put(kind.table(), kind.example()));
        return examples;
    }

    static String tableOf(String kind) {
        return KINDS.stream()
                .filter(known -> known.kind().equals(kind))
                .map(Kind::table)
                .findFirst()
                .orElse(kind + "s");
    }

    static ResourceManifest read(TomlSection top) {
        List<Wish> wishes = new ArrayList<>();
        for (Kind kind : KINDS) {
            top.section(kind.table(), kind.example())
                    .ifPresent(section -> section.sections(kind.example())
                            .forEach((name, table) -> wishes.add(wish(kind, section, name, table))));
        }
        if (wishes.size() > TABLES_MAX) {
            throw new StoaException(
                    ErrorCode.BAD_MANIFEST,
                    "%s asks for %d databases, buckets and the like, and may ask for %d"
                            .formatted(ManifestFile.NAME, wishes.size(), TABLES_MAX),
                    "let one of them serve several purposes");
        }
        return new ResourceManifest(wishes);
    }

    /** When it is backed up, and how long the backups are kept: {@code backup.schedule} and {@code backup.keep}. */
    private static Map<String, String> backup(TomlSection table) {
        table.allowOnly(BACKUP_KEYS, Map.of());
        Map<String, String> settings = new LinkedHashMap<>();
        BACKUP_KEYS.forEach(
                (key, example) -> table.text(key, example).ifPresent(value -> settings.put(BACKUP + "." + key, value)));
        return settings;
    }

    private static Wish wish(Kind kind, TomlSection section, String name, TomlSection table) {
        if (!ResourceName.isValid(name)) {
            throw section.problem(
                    name,
                    "\"%s\" cannot name a %s: %s".formatted(name, kind.kind(), ResourceName.RULE),
                    kind.example());
        }
        table.allowOnly(kind.settings().byKey(), Map.of());
        Map<String, String> settings = new LinkedHashMap<>();
        for (String key : table.keys()) {
            String example = kind.settings().of(key);
            if (example.contains(LIST)) {
                settings.put(key, String.join(",", table.texts(key, example)));
                continue;
            }
            if (key.equals(BACKUP)) {
                table.section(key, example).ifPresent(inner -> settings.putAll(backup(inner)));
                continue;
            }
            table.value(key)
                    .ifPresent(value -> settings.put(
                            key,
                            switch (value) {
                                case String _ -> table.text(key, example).orElse("");
                                case Boolean flag -> flag.toString();
                                case Long number -> number.toString();
                                default -> throw table.wrongType(key, "a string, a number, or true or false", example);
                            }));
        }
        return new Wish(kind.kind(), name, settings);
    }
}
