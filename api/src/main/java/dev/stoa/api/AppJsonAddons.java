package dev.stoa.api;

import dev.stoa.api.ResourceManifest.Wish;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Reads the add-ons of {@code app.json}: those in whose place Stoa gives the app something of its own, and notes on others. */
final class AppJsonAddons {
    private static final String ADDONS_EXAMPLE = "\"addons\": [\"heroku-postgresql\"]";
    private static final String ADDON_AS_EXAMPLE =
            "\"addons\": [{\"plan\": \"heroku-postgresql\", \"as\": \"BILLING\"}]";

    /**
     * In place of an add-on.
     *
     * @param kind of the resource that the app is given
     * @param as   what Heroku's add-on is attached as unless told
     */
    private record Substitute(String kind, String as) {
        /** Whose config var is called as Heroku's is: what an app calls main. */
        private static final String MAIN = "main";

        String name(String attachment) {
            return attachment.equals(as)
                    ? MAIN
                    : attachment.toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Map<String, Substitute> SUBSTITUTES = Map.of(
            "heroku-postgresql", new Substitute("database", "DATABASE"),
            "heroku-redis", new Substitute("cache", "REDIS"));

    private static final Map<String, String> ADDON_VARIABLES = Map.of(
            "rediscloud", "REDISCLOUD_URL",
            "cleardb", "CLEARDB_DATABASE_URL",
            "jawsdb", "JAWSDB_URL");

    private final Map<String, Integer> lines;
    private final List<String> notes;

    /**
     * @param lines gets where they stand, by the key that stoa.toml has for what they stand for
     * @param notes gets what people should know
     */
    AppJsonAddons(Map<String, Integer> lines, List<String> notes) {
        this.lines = lines;
        this.notes = notes;
    }

    List<Addon> read(JsonValue top) {
        Map<String, Addon> provided = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        for (JsonValue entry :
                top.member("addons").map(list -> list.elements(ADDONS_EXAMPLE)).orElse(List.of())) {
            String plan = entry.member("plan").orElse(entry).words(ADDONS_EXAMPLE);
            String service = plan.replaceFirst(":.*", "");
            Substitute substitute = SUBSTITUTES.get(service);
            if (substitute == null) {
                others.add(plan);
                continue;
            }
            Addon addon = new Addon(service, new Wish(substitute.kind(), name(service, substitute, entry), Map.of()));
            if (provided.putIfAbsent(addon.wish().key(), addon) == null) {
                lines.put(addon.wish().key(), entry.line());
            }
        }
        if (!others.isEmpty()) {
            notProvided(others);
        }
        return List.copyOf(provided.values());
    }

    private String name(String service, Substitute substitute, JsonValue entry) {
        String attachment =
                entry.member("as").map(as -> as.text(ADDON_AS_EXAMPLE)).orElse(substitute.as());
        String name = substitute.name(attachment);
        if (!ResourceName.isValid(name)) {
            throw entry.member("as")
                    .orElse(entry)
                    .problem("cannot name a %s: %s".formatted(substitute.kind(), ResourceName.RULE), ADDON_AS_EXAMPLE);
        }
        if (!name.equals(Substitute.MAIN)) {
            notes.add("app.json: the %1$s %2$s is found in %3$s_URL_%2$s, and not in %2$s_URL"
                    .formatted(service, attachment, substitute.as()));
        }
        return name;
    }

    private void notProvided(List<String> addons) {
        notes.add("app.json: add-ons are not provided: %s".formatted(String.join(", ", addons)));
        List<String> variables = addons.stream()
                .map(plan -> ADDON_VARIABLES.get(plan.replaceFirst(":.*", "")))
                .filter(Objects::nonNull)
                .distinct()
                .toList();
        notes.add(
                variables.isEmpty()
                        ? "    give the app what they would give it: stoa config set NAME=VALUE"
                        : "    give the app its services: stoa config set "
                                + String.join(
                                        " ",
                                        variables.stream()
                                                .map(name -> name + "=…")
                                                .toList()));
    }
}
