package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.AppSetup;
import dev.stoa.api.DeployPlan.Change;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.MergedManifest;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ManifestDifferenceTest {
    private static MergedManifest merged(String toml) {
        return MergedManifest.of(Map.of("stoa.toml", toml));
    }

    /** As if its build had found or wrapped these commands. */
    private static Optional<BuildRow> built(String toml, Map<String, String> commands) {
        return Optional.of(new BuildRow(
                "b1",
                1,
                new Slug(Path.of("/slug"), "/app", "python", commands, Optional.empty(), Map.of(), List.of(), 0),
                merged(toml).manifest()));
    }

    private static List<String> changes(Optional<BuildRow> before, String after) {
        return changes(before, after, Map.of(), Set.of());
    }

    private static List<String> changes(
            Optional<BuildRow> before, String after, Map<String, InstanceRange> scale, Set<String> configured) {
        return new ManifestDifference(before, AppSetup.NONE, merged(after), scale, configured)
                .changes().stream().map(ManifestDifferenceTest::text).toList();
    }

    private static String text(Change change) {
        StringBuilder text = new StringBuilder("%s %s %s".formatted(change.action(), change.what(), change.name()));
        change.details()
                .forEach(detail -> text.append(" %s:%s>%s"
                        .formatted(
                                detail.key(),
                                detail.before().map(Object::toString).orElse(""),
                                detail.after().map(Object::toString).orElse(""))));
        change.note().ifPresent(note -> text.append(" (").append(note).append(')'));
        return text.toString();
    }

    @Test
    void theSameManifestChangesNothingThoughABuildpackStartsItInItsOwnWay() {
        String toml = """
                [processes.worker]
                command = "python work.py"
                [edge]
                compress = ["br"]
                [crons.nightly]
                schedule = "@daily"
                command = "true"
                """;
        assertThat(changes(built(toml, Map.of("web", "gunicorn app", "worker", "env X python work.py")), toml))
                .isEmpty();
        assertThat(changes(built("", Map.of("web", "gunicorn app")), "")).isEmpty();
    }

    @Test
    void eachProcessCronAndVariableIsAThingOfItsOwn() {
        Optional<BuildRow> before = built("""
                port = 80
                [processes.web]
                instances = 2
                [processes.worker]
                command = "work"
                [crons.nightly]
                schedule = "@daily"
                command = "true"
                [env]
                LEVEL = "info"
                GONE = "1"
                """, Map.of("web", "gunicorn app", "worker", "work"));

        assertThat(changes(before, """
                port = 81
                [processes.web]
                instances = 3
                [crons.hourly]
                schedule = "@hourly"
                command = "true"
                [env]
                LEVEL = "debug"
                """))
                .containsExactlyInAnyOrder(
                        "CHANGE port port port:80>81",
                        "CHANGE process web instances:2>3",
                        "REMOVE process worker",
                        "CREATE cron hourly schedule:>@hourly command:>true timezone:>UTC overlap:>false timeout:>1h",
                        "REMOVE cron nightly",
                        "CHANGE env LEVEL value:info>debug",
                        "REMOVE env GONE");
    }

    @Test
    void whatTheUserSaidSinceWinsAndThePlanSaysSo() {
        Optional<BuildRow> before = built("[env]\nLEVEL = \"info\"\n", Map.of("web", "serve"));
        InstanceRange four = InstanceRange.fixed(4);

        assertThat(changes(
                        before,
                        "[processes.web]\ninstances = 2\n[env]\nLEVEL = \"info\"\n",
                        Map.of("web", four),
                        Set.of()))
                .isEmpty();
        assertThat(changes(before, "[env]\nLEVEL = \"debug\"\n", Map.of(), Set.of("LEVEL")))
                .containsExactly("CHANGE env LEVEL value:info>debug (has no effect: the config var of that name wins)");
    }

    @Test
    void aCommandThatOnlyTheBuildKnowsIsSaidToBeFoundByIt() {
        assertThat(changes(Optional.empty(), "[processes.web]\ninstances = 2\n"))
                .containsExactly("CREATE process web command:>%s instances:>2 memory:>512MiB"
                        .formatted(ManifestDifference.FOUND_BY_BUILD));
        assertThat(changes(Optional.empty(), "")).isEmpty();
    }

    @Test
    void aTableThatGoesIsRemovedAndResourcesAreNoneOfItsBusiness() {
        assertThat(changes(
                        built("[edge]\ncompress = [\"br\"]\n[caches.main]\nplan = \"small\"\n", Map.of("web", "serve")),
                        "[buckets.photos]\n"))
                .containsExactly("REMOVE edge edge");
    }
}
