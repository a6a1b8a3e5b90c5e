package dev.stoa.api;

import dev.stoa.api.Manifest.CronManifest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code app.json} says that Stoa provides: Heroku's schema with Dokku's additions. Other programs have files of that
 * name, too, so keys that are not known are passed over; a known one with a value of another form is an error.
 *
 * @param env        by name
 * @param instances  by process type
 * @param health     path by process type
 * @param crons      by name
 * @param addons     those in whose place Stoa gives the app something of its own
 * @param buildpack  one of Stoa's own
 * @param postdeploy runs once, after the first release serves
 * @param predeployEach  Dokku's: before each release takes traffic
 * @param postdeployEach Dokku's: after each deploy
 * @param lines      where these stand, by the key that stoa.toml has for them or that {@link ManifestLines} gives them
 * @param notes      what is asked for and not provided, for people
 */
record AppJson(
        Map<String, Variable> env,
        Map<String, Integer> instances,
        Map<String, String> health,
        Map<String, CronManifest> crons,
        List<Addon> addons,
        Optional<String> buildpack,
        Optional<String> postdeploy,
        Optional<String> predeployEach,
        Optional<String> postdeployEach,
        Map<String, Integer> lines,
        List<String> notes) {
    static final String NAME = "app.json";

    /** What happens to a config var that nobody has set. */
    enum Need {
        /** The deploy does not begin without it. */
        REQUIRED,
        OPTIONAL,
        /** It gets a random value. */
        GENERATED
    }

    /** @param value counts as long as nobody sets another */
    record Variable(Optional<String> value, Need need, String description) {}

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern CRON_NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    private static final String ENV_EXAMPLE = "\"env\": {\"LOG_LEVEL\": {\"value\": \"info\"}}";
    private static final String FORMATION_EXAMPLE = "\"formation\": {\"web\": {\"quantity\": 2}}";
    private static final String SCRIPTS_EXAMPLE = "\"scripts\": {\"postdeploy\": \"python seed.py\"}";
    private static final String CRON_EXAMPLE =
            "\"cron\": [{\"command\": \"python digest.py\", \"schedule\": \"0 8 * * *\"}]";
    private static final String HEALTH_EXAMPLE =
            "\"healthchecks\": {\"web\": [{\"type\": \"startup\", \"path\": \"/up\"}]}";
    private static final String BUILDPACKS_EXAMPLE = "\"buildpacks\": [{\"url\": \"heroku/python\"}]";

    /** Words in the name or URL of a buildpack of Heroku's, and Stoa's buildpack of that kind. */
    private static final Map<String, String> BUILDPACKS = Map.ofEntries(
            Map.entry("python", "python"),
            Map.entry("nodejs", "node"),
            Map.entry("node", "node"),
            Map.entry("java", "java"),
            Map.entry("gradle", "java"),
            Map.entry("jvm", "java"),
            Map.entry("go", "go"),
            Map.entry("ruby", "ruby"),
            Map.entry("php", "php"),
            Map.entry("rust", "rust"),
            Map.entry("deno", "deno"),
            Map.entry("bun", "bun"),
            Map.entry("static", "static"));

    private static final Pattern HEROKU_BUILDPACK = Pattern.compile(
            "(?:heroku|heroku-community|emk)/([a-z]+)|(?:https?://|git@)\\S*/(?:heroku-)?buildpack-([a-z]+)(?:\\.git)?(?:#.*)?"
                    + "|urn:buildpack:heroku/([a-z]+)");

    AppJson {
        addons = List.copyOf(addons);
        lines = Map.copyOf(lines);
        notes = List.copyOf(notes);
    }

    /** @throws StoaException BAD_MANIFEST, with the key and the line */
    static AppJson parse(String text) {
        JsonValue top = JsonValue.parse(text, NAME);
        top.members("{\"name\": \"shop\"}");
        return new Reader().read(top);
    }

    /** Collects the lines and notes on its way. */
    private static final class Reader {
        private final Map<String, Integer> lines = new HashMap<>();
        private final List<String> notes = new ArrayList<>();

        AppJson read(JsonValue top) {
            List<Addon> addons = new AppJsonAddons(lines, notes).read(top);
            notProvided(top);
            Optional<JsonValue> scripts = top.member("scripts");
            scripts.ifPresent(all -> all.members(SCRIPTS_EXAMPLE));
            Optional<JsonValue> dokku = scripts.flatMap(all -> all.member("dokku"));
            return new AppJson(
                    env(top),
                    instances(top),
                    health(top),
                    crons(top),
                    addons,
                    buildpack(top),
                    scripts.flatMap(all -> script(all, "postdeploy", ManifestLines.POSTDEPLOY)),
                    dokku.flatMap(all -> script(all, "predeploy", ManifestLines.PREDEPLOY_EACH)),
                    dokku.flatMap(all -> script(all, "postdeploy", ManifestLines.POSTDEPLOY_EACH)),
                    lines,
                    notes);
        }

        private Map<String, Variable> env(JsonValue top) {
            Map<String, Variable> env = new LinkedHashMap<>();
            top.member("env")
                    .ifPresent(all -> all.members(ENV_EXAMPLE).forEach((name, value) -> {
                        if (!VARIABLE.matcher(name).matches()) {
                            throw value.problem(
                                    "cannot be the name of a variable: it has letters, digits and _, and does not start with a digit",
                                    ENV_EXAMPLE);
                        }
                        Variable variable = variable(value);
                        env.put(name, variable);
                        lines.put("env." + name, value.line());
                        lines.put(ManifestLines.REQUIRED + name, value.line());
                        lines.put(ManifestLines.GENERATED + name, value.line());
                    }));
            return env;
        }

        private static Variable variable(JsonValue value) {
            if (!(value.content() instanceof JsonValue.Members)) {
                return value.isNull()
                        ? new Variable(Optional.empty(), Need.REQUIRED, "")
                        : new Variable(Optional.of(value.scalar(ENV_EXAMPLE)), Need.OPTIONAL, "");
            }
            String description = value.member("description")
                    .map(text -> text.words("\"description\": \"the main database\""))
                    .orElse("");
            Optional<JsonValue> generator = value.member("generator");
            if (generator.isPresent()) {
                String kind = generator.get().text("\"generator\": \"secret\"");
                if (!kind.equals("secret")) {
                    throw generator.get().problem("must be \"secret\"", "\"generator\": \"secret\"");
                }
                return new Variable(Optional.empty(), Need.GENERATED, description);
            }
            Optional<String> text = value.member("value").map(v -> v.scalar("\"value\": \"info\""));
            Optional<Boolean> required = value.member("required").map(r -> r.bool("\"required\": false"));
            // An empty value is one, unless the file says in so many words that there must be a better one.
            boolean filled = text.isPresent() && !(text.get().isEmpty() && required.orElse(false));
            return filled
                    ? new Variable(text, Need.OPTIONAL, description)
                    : new Variable(
                            Optional.empty(), required.orElse(true) ? Need.REQUIRED : Need.OPTIONAL, description);
        }

        private Map<String, Integer> instances(JsonValue top) {
            Map<String, Integer> instances = new LinkedHashMap<>();
            top.member("formation")
                    .ifPresent(all -> all.members(FORMATION_EXAMPLE).forEach((type, process) -> {
                        if (process.isNull() || type.equals(Procfile.RELEASE)) {
                            return;
                        }
                        if (!ProcessTables.TYPE.matcher(type).matches()) {
                            throw process.problem(
                                    "cannot be a process type: it has 1 to 40 letters, digits, - and _",
                                    FORMATION_EXAMPLE);
                        }
                        process.members(FORMATION_EXAMPLE);
                        process.member("quantity").ifPresent(quantity -> {
                            instances.put(type, quantity.integer(InstanceRange.INSTANCES_MAX, FORMATION_EXAMPLE));
                            lines.put("processes.%s.instances".formatted(type), quantity.line());
                        });
                    }));
            return instances;
        }

        private Map<String, String> health(JsonValue top) {
            Map<String, String> health = new LinkedHashMap<>();
            top.member("healthchecks")
                    .ifPresent(all -> all.members(HEALTH_EXAMPLE)
                            .forEach((type, checks) -> checks.elements(HEALTH_EXAMPLE).stream()
                                    .filter(check -> check.member("type")
                                            .map(kind -> kind.text(HEALTH_EXAMPLE))
                                            .orElse("startup")
                                            .equals("startup"))
                                    .flatMap(check -> check.member("path").stream())
                                    .findFirst()
                                    .ifPresent(path -> {
                                        if (!path.text(HEALTH_EXAMPLE).matches("/[!-~]*")) {
                                            throw path.problem("must be a path that starts with /", HEALTH_EXAMPLE);
                                        }
                                        health.put(type, path.text(HEALTH_EXAMPLE));
                                        lines.put("processes.%s.health".formatted(type), path.line());
                                    })));
            return health;
        }

        private Map<String, CronManifest> crons(JsonValue top) {
            Map<String, CronManifest> crons = new LinkedHashMap<>();
            top.member("cron")
                    .ifPresent(all -> all.elements(CRON_EXAMPLE).forEach(job -> {
                        job.members(CRON_EXAMPLE);
                        if (crons.size() == CronTables.CRONS_MAX) {
                            throw job.problem(
                                    "is one more than the %d that an app may have".formatted(CronTables.CRONS_MAX),
                                    CRON_EXAMPLE);
                        }
                        CronManifest cron = new CronManifest(
                                schedule(job),
                                needed(job, "command"),
                                Optional.empty(),
                                job.member("concurrency_policy")
                                        .map(policy -> policy.text("\"concurrency_policy\": \"forbid\""))
                                        .filter("allow"::equals)
                                        .isPresent(),
                                Optional.empty());
                        String name = job.member("name")
                                .map(text -> text.text(CRON_EXAMPLE)
                                        .toLowerCase(Locale.ROOT)
                                        .replaceAll("[^a-z0-9]+", "-"))
                                .filter(text -> CRON_NAME.matcher(text).matches() && !crons.containsKey(text))
                                .orElseGet(() -> unused(crons));
                        crons.put(name, cron);
                        for (String key : List.of("schedule", "command", "overlap")) {
                            lines.put("crons.%s.%s".formatted(name, key), job.line());
                        }
                    }));
            return crons;
        }

        private static String schedule(JsonValue job) {
            String text = needed(job, "schedule");
            try {
                var _ = CronSchedule.parse(text);
                return text;
            } catch (StoaException e) {
                throw job.problem("has a bad \"schedule\": " + e.message(), CRON_EXAMPLE);
            }
        }

        private static String unused(Map<String, CronManifest> crons) {
            int number = crons.size() + 1;
            while (crons.containsKey("cron-" + number)) {
                number++;
            }
            return "cron-" + number;
        }

        private static String needed(JsonValue job, String key) {
            return job.member(key)
                    .map(value -> value.text(CRON_EXAMPLE))
                    .filter(text -> !text.isBlank())
                    .orElseThrow(() -> job.problem("has no \"%s\"".formatted(key), CRON_EXAMPLE));
        }

        /** Heroku's way is a string; an object with a size is its older one. */
        private Optional<String> script(JsonValue scripts, String key, String lineKey) {
            return scripts.member(key)
                    .map(script -> script.member("command").orElse(script))
                    .map(script -> {
                        lines.put(lineKey, script.line());
                        return script.text(SCRIPTS_EXAMPLE);
                    })
                    .filter(command -> !command.isBlank());
        }

        /** Of several the last one decides how an app starts. */
        private Optional<String> buildpack(JsonValue top) {
            List<JsonValue> all = top.member("buildpacks")
                    .map(list -> list.elements(BUILDPACKS_EXAMPLE))
                    .orElse(List.of());
            Optional<String> chosen = Optional.empty();
            List<String> ignored = new ArrayList<>();
            for (JsonValue entry : all) {
                String url = entry.member("url").orElse(entry).words(BUILDPACKS_EXAMPLE);
                Optional<String> own = known(url);
                if (own.isPresent()) {
                    chosen.filter(before -> !before.equals(own.get())).ifPresent(ignored::add);
                    chosen = own;
                    lines.put("build.buildpack", entry.line());
                } else {
                    ignored.add(url);
                }
            }
            if (!ignored.isEmpty()) {
                notes.add("app.json: not used of its buildpacks: %s".formatted(String.join(", ", ignored)));
                notes.add("    [build] buildpacks in stoa.toml takes Cloud Native Buildpacks, as folders or git URLs");
            }
            return chosen;
        }

        private static Optional<String> known(String url) {
            Matcher form = HEROKU_BUILDPACK.matcher(url);
            if (!form.matches()) {
                return Optional.empty();
            }
            for (int group = 1; group <= form.groupCount(); group++) {
                if (form.group(group) != null) {
                    return Optional.ofNullable(BUILDPACKS.get(form.group(group)));
                }
            }
            return Optional.empty();
        }

        private void notProvided(JsonValue top) {
            for (String key : List.of("stack", "image")) {
                if (top.member(key)
                        .filter(v -> v.content() instanceof JsonValue.Text)
                        .isPresent()) {
                    notes.add("app.json: \"%s\" is ignored: apps run on the system of the machine".formatted(key));
                }
            }
        }
    }
}
