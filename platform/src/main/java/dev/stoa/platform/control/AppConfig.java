package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.StoaException;
import dev.stoa.platform.build.SecretVars;
import dev.stoa.platform.control.AppStore.AppRow;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** Holds what an app says of its config vars against those that it has. */
final class AppConfig {
    private static final int GENERATED_BYTES = 32;

    /** More names than this are counted, not listed. */
    private static final int NAMES_SHOWN = 12;

    private final ConfigStore configs;
    private final AppResources resources;
    private final RandomGenerator random;

    AppConfig(ConfigStore configs, AppResources resources, RandomGenerator random) {
        this.configs = configs;
        this.resources = resources;
        this.random = random;
    }

    /**
     * Refuses a deploy that asks for what there is not, or lacks what it requires.
     *
     * @throws StoaException CONFIG_MISSING, with all the names
     */
    void check(AppRow app, MergedManifest merged) {
        resources.check(app, merged.manifest());
        Map<String, String> missing = merged.setup().missing(present(app, merged));
        if (!missing.isEmpty()) {
            throw missing(app, missing);
        }
    }

    /** The names of those that are to be generated. */
    List<String> ungenerated(AppRow app, MergedManifest merged) {
        Set<String> present = present(app, merged);
        return merged.setup().generated().stream()
                .filter(name -> !present.contains(name))
                .toList();
    }

    void generate(AppRow app, List<String> names, Consumer<String> say) {
        if (!names.isEmpty()) {
            Map<String, String> generated = new LinkedHashMap<>();
            names.forEach(name -> generated.put(name, HexFormat.of().formatHex(secret())));
            keep(app, generated, say);
        }
    }

    private Set<String> present(AppRow app, MergedManifest merged) {
        Set<String> present = new HashSet<>(configs.read(app.id()).keySet());
        present.addAll(merged.manifest().env().keySet());
        present.addAll(resources.promised(app, merged.manifest()));
        return present;
    }

    /** What the app has now, its resources' vars included. */
    Map<String, String> read(AppRow app) {
        Map<String, String> config = new LinkedHashMap<>(configs.read(app.id()));
        config.putAll(resources.vars(app));
        return config;
    }

    /** Where buildpacks keep the secrets that their frameworks insist on. */
    SecretVars secrets(AppRow app, Consumer<String> say) {
        return (name, form) -> {
            if (!configs.read(app.id()).containsKey(name)) {
                keep(app, Map.of(name, form.apply(secret())), say);
            }
        };
    }

    private void keep(AppRow app, Map<String, String> generated, Consumer<String> say) {
        configs.change(app.id(), generated, List.of());
        say.accept("-----> Generated config vars: " + String.join(", ", generated.keySet()));
    }

    private static StoaException missing(AppRow app, Map<String, String> missing) {
        String described = missing.entrySet().stream()
                .map(entry -> entry.getValue().isBlank()
                        ? entry.getKey()
                        : "%s (%s)".formatted(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
        return new StoaException(
                ErrorCode.CONFIG_MISSING,
                "app.json requires config vars that have no value: " + described,
                "set them, and deploy again: " + settingOf(missing.keySet(), app));
    }

    private byte[] secret() {
        byte[] bytes = new byte[GENERATED_BYTES];
        random.nextBytes(bytes);
        return bytes;
    }

    /**
     * Says which documented config vars nobody has set. They may well have defaults in the code.
     *
     * @param provided what the instances get without anybody's doing
     */
    void hint(AppRow app, MergedManifest merged, Set<String> provided, Consumer<String> say) {
        Set<String> present = present(app, merged);
        present.addAll(provided);
        present.add("PORT");
        List<String> unset = merged.setup().documented().stream()
                .filter(name -> !present.contains(name) && !name.startsWith("STOA_"))
                .toList();
        if (unset.isEmpty()) {
            return;
        }
        List<String> shown = unset.subList(0, Math.min(NAMES_SHOWN, unset.size()));
        String more = unset.size() > shown.size() ? " and %d more".formatted(unset.size() - shown.size()) : "";
        say.accept("       Config vars that %s names and nothing sets: %s%s"
                .formatted(merged.setup().documentedIn(), String.join(", ", shown), more));
        say.accept("       where the app needs them: " + settingOf(shown, app));
    }

    private static String settingOf(Collection<String> names, AppRow app) {
        return "stoa config set %s -a %s"
                .formatted(names.stream().map(name -> name + "=…").collect(Collectors.joining(" ")), app.name());
    }
}
