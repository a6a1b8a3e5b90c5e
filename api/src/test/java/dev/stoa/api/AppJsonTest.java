package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.AppJson.Need;
import dev.stoa.api.AppJson.Variable;
import dev.stoa.api.Manifest.CronManifest;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AppJsonTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            nullValues = "none",
            value = {
                "'info'|OPTIONAL|info",
                "''|OPTIONAL|``",
                "5|OPTIONAL|5",
                "true|OPTIONAL|true",
                "null|REQUIRED|none",
                "{}|REQUIRED|none",
                "{'description':'x'}|REQUIRED|none",
                "{'required':true}|REQUIRED|none",
                "{'required':false}|OPTIONAL|none",
                "{'required':'false'}|OPTIONAL|none",
                "{'value':'info'}|OPTIONAL|info",
                "{'value':'info','required':true}|OPTIONAL|info",
                "{'value':8}|OPTIONAL|8",
                "{'value':''}|OPTIONAL|``",
                "{'value':'','required':true}|REQUIRED|none",
                "{'value':null}|REQUIRED|none",
                "{'generator':'secret'}|GENERATED|none",
                "{'generator':'secret','value':'x','required':true}|GENERATED|none"
            })
    void aVariableHasAValueOrIsNeededOrIsGenerated(String entry, Need need, String value) {
        AppJson app = parse("{'env': {'NAME': %s}}".formatted(entry));

        Variable variable = Objects.requireNonNull(app.env().get("NAME"));
        assertThat(variable.need()).isEqualTo(need);
        assertThat(variable.value()).isEqualTo(Optional.ofNullable(value));
    }

    @Test
    void whatAFileSaysOfAVariableCannotUpsetATerminal() {
        AppJson app = parse("{'env': {'A': {'description': ' the\\u001b[2J main\\n\\tdatabase '}}}");

        assertThat(app.env())
                .containsEntry("A", new Variable(Optional.empty(), Need.REQUIRED, "the [2J main database"));
    }

    @Test
    void theFormationTheHealthChecksAndTheScriptsAreTaken() {
        AppJson app = parse("""
                {
                  'name': 'A Shop, with a Title',
                  'formation': {'web': {'quantity': 2, 'size': 'standard-1x'}, 'worker': {'quantity': 0}, 'x': {'size': 'eco'}},
                  'healthchecks': {
                    'web': [{'type': 'liveness', 'path': '/live'}, {'type': 'startup', 'name': 'up', 'path': '/up'}],
                    'worker': [{'type': 'startup', 'uptime': 10}]
                  },
                  'scripts': {
                    'postdeploy': 'python seed.py',
                    'dokku': {'predeploy': 'echo before', 'postdeploy': 'echo after'},
                    'test': 'pytest'
                  },
                  'environments': {'test': {'env': {'X': 'y'}}},
                  'success_url': '/welcome'
                }""");

        assertThat(app.instances()).isEqualTo(Map.of("web", 2, "worker", 0));
        assertThat(app.health()).isEqualTo(Map.of("web", "/up"));
        assertThat(app.postdeploy()).hasValue("python seed.py");
        assertThat(app.predeployEach()).hasValue("echo before");
        assertThat(app.postdeployEach()).hasValue("echo after");
        assertThat(app.env()).isEmpty();
        assertThat(app.notes()).isEmpty();
        assertThat(app.lines())
                .containsEntry("processes.web.instances", 3)
                .containsEntry("processes.web.health", 5)
                .containsEntry("scripts.postdeploy", 9);
    }

    @Test
    void cronJobsGetNamesWhereTheyHaveNone() {
        AppJson app = parse("""
                {'cron': [
                  {'command': 'one', 'schedule': '@daily'},
                  {'command': 'two', 'schedule': '0 8 * * *', 'name': 'Nightly Digest', 'concurrency_policy': 'allow'},
                  {'command': 'three', 'schedule': '@hourly', 'name': 'nightly digest', 'concurrency_policy': 'forbid'}
                ]}""");

        assertThat(app.crons())
                .isEqualTo(Map.of(
                        "cron-1", cron("@daily", "one", false),
                        "nightly-digest", cron("0 8 * * *", "two", true),
                        "cron-3", cron("@hourly", "three", false)));
    }

    private static CronManifest cron(String schedule, String command, boolean overlap) {
        return new CronManifest(schedule, command, Optional.empty(), overlap, Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "{'url': 'heroku/python'}|python",
                "{'url': 'heroku/nodejs'}|node",
                "{'url': 'https://github.com/heroku/heroku-buildpack-ruby.git'}|ruby",
                "{'url': 'https://github.com/heroku/heroku-buildpack-go#v1'}|go",
                "'heroku/gradle'|java",
                "{'url': 'heroku/nodejs'}, {'url': 'heroku/python'}|python"
            })
    void herokusBuildpacksAreThoseOfTheSameKind(String entries, String buildpack) {
        assertThat(parse("{'buildpacks': [%s]}".formatted(entries)).buildpack()).hasValue(buildpack);
    }

    @Test
    void whatIsNotProvidedIsSaid() {
        AppJson app = parse("""
                {
                  'stack': 'heroku-22', 'image': 'heroku/ruby',
                  'addons': ['heroku-postgresql:mini', {'plan': 'heroku-redis:mini'}, 'jawsdb'],
                  'buildpacks': [{'url': 'https://github.com/mars/create-react-app-buildpack'}, {'url': 'heroku/nodejs'}]
                }""");

        assertThat(app.buildpack()).hasValue("node");
        assertThat(app.notes())
                .containsExactly(
                        "app.json: add-ons are not provided: jawsdb",
                        "    give the app its services: stoa config set JAWSDB_URL=…",
                        "app.json: \"stack\" is ignored: apps run on the system of the machine",
                        "app.json: \"image\" is ignored: apps run on the system of the machine",
                        "app.json: not used of its buildpacks: https://github.com/mars/create-react-app-buildpack",
                        "    [build] buildpacks in stoa.toml takes Cloud Native Buildpacks, as folders or git URLs");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "'heroku-postgresql'|databases.main",
                "'heroku-redis:mini'|caches.main",
                "{'plan': 'heroku-postgresql:standard-0'}|databases.main",
                "{'plan': 'heroku-redis', 'as': 'REDIS'}|caches.main",
                "{'plan': 'heroku-postgresql', 'as': 'DATABASE'}, 'heroku-postgresql'|databases.main",
                "'heroku-postgresql', {'plan': 'heroku-postgresql', 'as': 'READ_COPY'}|databases.main databases.read-copy"
            })
    void addOnsForWhichThereIsSomethingLikeItAreThat(String entries, String tables) {
        assertThat(parse("{'addons': [%s]}".formatted(entries)).addons())
                .extracting(addon -> addon.wish().key())
                .containsExactly(tables.split(" "));
    }

    @Test
    void whereAnAddOnIsFoundThatHasANameOfItsOwnIsSaid() {
        assertThat(parse("{'addons': [{'plan': 'heroku-postgresql', 'as': 'READ_COPY'}]}")
                        .notes())
                .containsExactly(
                        "app.json: the heroku-postgresql READ_COPY is found in DATABASE_URL_READ_COPY, and not in READ_COPY_URL");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'expo': {'name': 'phone', 'scripts': 5}}",
                "{'pages': ['index'], 'window': {}}",
                "{'env': null, 'formation': null, 'scripts': {'postdeploy': null}, 'addons': [], 'buildpacks': []}"
            })
    void filesOfOtherProgramsSayNothing(String text) {
        AppJson app = parse(text);

        assertThat(app).isEqualTo(parse("{}"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "[]|app.json must be an object, not a list, line 1",
                "''|app.json must be an object, not the string \"\", line 1",
                "{'env': []}|\"env\" must be an object, not a list in app.json, line 1",
                "{'env':~{'A': []}}|\"env.A\" must be a string, not a list in app.json, line 2",
                "{'env': {'A B': 'x'}}|\"env.A B\" cannot be the name of a variable: it has letters, digits and _, and does not start with a digit in app.json, line 1",
                "{'env': {'A':~~{'generator': 'uuid'}}}|\"env.A.generator\" must be \"secret\" in app.json, line 3",
                "{'env': {'A': {'required': 'yes'}}}|\"env.A.required\" must be true or false, not the string \"yes\" in app.json, line 1",
                "{'env': {'A': 'x\\u0000y'}}|\"env.A\" must not contain the character U+0000 in app.json, line 1",
                "{'formation': {'web': 2}}|\"formation.web\" must be an object, not the number 2 in app.json, line 1",
                "{'formation': {'web': {'quantity': -1}}}|\"formation.web.quantity\" must be a whole number from 0 to 1000, not -1 in app.json, line 1",
                "{'formation': {'web': {'quantity': 1.5}}}|\"formation.web.quantity\" must be a whole number from 0 to 1000, not 1.5 in app.json, line 1",
                "{'formation': {'web': {'quantity': '2'}}}|\"formation.web.quantity\" must be a whole number, not the string \"2\" in app.json, line 1",
                "{'formation': {'my web': {}}}|\"formation.my web\" cannot be a process type: it has 1 to 40 letters, digits, - and _ in app.json, line 1",
                "{'healthchecks': {'web': [{'path': 'up'}]}}|\"healthchecks.web[0].path\" must be a path that starts with / in app.json, line 1",
                "{'scripts': 'x'}|\"scripts\" must be an object, not the string \"x\" in app.json, line 1",
                "{'scripts': {'postdeploy': ['x']}}|\"scripts.postdeploy\" must be a string, not a list in app.json, line 1",
                "{'cron': [{'command': 'x'}]}|\"cron[0]\" has no \"schedule\" in app.json, line 1",
                "{'cron': [~'x']}|\"cron[0]\" must be an object, not the string \"x\" in app.json, line 2",
                "{'addons': [{'plan': 'heroku-redis', 'as': '9'}]}|\"addons[0].as\" cannot name a cache: a name has 1 to 40 letters a-z, digits and hyphens, starts with a letter and does not end with a hyphen in app.json, line 1",
                "{'buildpacks': [{}]}|\"buildpacks[0]\" must be a string, not an object in app.json, line 1"
            })
    void aKnownKeyOfAnotherFormIsNamedWithItsLine(String text, String message) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> parse(text.replace('~', '\n')));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(error.message()).isEqualTo(message);
        assertThat(error.hint()).isPresent();
    }

    @Test
    void whatIsNoJsonIsShownWithItsLine() {
        StoaException error = catchThrowableOfType(
                StoaException.class, () -> parse("{\n  'env': {\n    'A': 'x',\n    B: 'y'\n  }\n}"));

        assertThat(error.code()).isEqualTo(ErrorCode.BAD_MANIFEST);
        assertThat(error.message()).startsWith("app.json is not JSON at line 4: ");
        assertThat(error.hint()).hasValue("the line is:   B: \"y\"");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "``|app.json is empty",
                "{} {}|app.json goes on after its end, line 1",
                "{'env': {'A': 'x'|app.json is not JSON at line 1: "
            })
    void aFileThatIsCutShortOrGoesOnIsNoJson(String text, String message) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> parse(text));

        assertThat(error.message()).startsWith(message);
    }

    @Test
    void bracketsWithoutEndDoNoHarm() {
        StoaException error = catchThrowableOfType(StoaException.class, () -> parse("{'x': " + "[".repeat(100_000)));

        assertThat(error.message()).isEqualTo("app.json has brackets more than 50 deep, line 1");
    }

    private static AppJson parse(String text) {
        return AppJson.parse(text.replace('\'', '"'));
    }
}
