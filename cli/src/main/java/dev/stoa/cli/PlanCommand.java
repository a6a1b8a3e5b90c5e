package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.DeployPlan;
import dev.stoa.api.DeployPlan.Action;
import dev.stoa.api.DeployPlan.Change;
import dev.stoa.api.DeployPlan.Detail;
import dev.stoa.api.DeployPlan.Orphan;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ManifestLines;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        description = {
            "Show what a deploy of a folder would create, change, remove and leave behind. Changes nothing.",
            "A deploy does what its plan says, and refuses what its plan refuses."
        })
final class PlanCommand implements Callable<Integer> {
    private static final int CHANGES = 2;

    private final Session session;

    @Parameters(paramLabel = "PATH", arity = "0..1", description = "The folder; the one you are in unless given.")
    private Optional<Path> path = Optional.empty();

    @Option(
            names = "--exit-code",
            description = "End with status 2 where there are changes, with 0 where there are none.")
    private boolean exitCode;

    PlanCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Path folder =
                session.environment().folder().resolve(path.orElse(Path.of(""))).normalize();
        if (!Files.isDirectory(folder)) {
            throw new StoaException(
                    ErrorCode.EMPTY_SOURCE,
                    "there is no folder %s".formatted(folder),
                    "name the folder that holds the app: stoa plan PATH");
        }
        AppName app = session.app(folder).app();
        DeployPlan plan = session.client()
                .post(
                        Client.path("apps", app.value(), "plan"),
                        new DeployPlan.Source(MergedManifest.texts(folder)),
                        DeployPlan.class);
        session.terminal().show(plan, () -> print(plan));
        return exitCode && plan.changed() ? CHANGES : 0;
    }

    private void print(DeployPlan plan) {
        Terminal terminal = session.terminal();
        terminal.line(terminal.paint(
                Terminal.Colour.BOLD,
                plan.fresh()
                        ? "A deploy makes the app %s:".formatted(plan.app())
                        : plan.standing()
                                .map(release -> "A deploy of %s, where %s serves:".formatted(plan.app(), release))
                                .orElse("A deploy of %s, where nothing serves yet:".formatted(plan.app()))));
        plan.changes().forEach(this::print);
        plan.orphans().forEach(this::print);
        if (!plan.changes().isEmpty() || !plan.orphans().isEmpty()) {
            terminal.line("");
        }
        terminal.line(plan.changed() ? summary(plan) : "No changes. The source is built, and a release is made of it.");
        plan.notes().forEach(terminal::note);
    }

    private void print(Change change) {
        Terminal terminal = session.terminal();
        terminal.line(
                switch (change.action()) {
                    case CREATE -> terminal.paint(Terminal.Colour.GREEN, "  + " + title(change));
                    case CHANGE -> terminal.paint(Terminal.Colour.YELLOW, "  ~ " + title(change));
                    case REMOVE -> terminal.paint(Terminal.Colour.RED, "  - " + title(change));
                });
        change.details().forEach(detail -> terminal.line("      " + written(detail)));
        change.note().ifPresent(note -> terminal.line("      " + terminal.paint(Terminal.Colour.DIM, note)));
    }

    /** What there is one of in an app has no name of its own. */
    private static String title(Change change) {
        return change.what().equals(change.name()) ? change.what() : change.what() + " " + change.name();
    }

    private static String written(Detail detail) {
        String after = detail.after().map(ManifestLines::literal).orElse("(what goes without saying)");
        return detail.before()
                .map(before -> "%s = %s -> %s".formatted(detail.key(), ManifestLines.literal(before), after))
                .orElse("%s = %s".formatted(detail.key(), after));
    }

    private void print(Orphan orphan) {
        Terminal terminal = session.terminal();
        terminal.line(terminal.paint(
                Terminal.Colour.MAGENTA,
                "  ! %s %s is not in the manifest any more, and stays".formatted(orphan.what(), orphan.name())
                        + (orphan.fresh() ? "" : ", as before")));
        terminal.line("      to do away with it:");
        orphan.commands().forEach(command -> terminal.line("        " + command));
    }

    private static String summary(DeployPlan plan) {
        List<String> parts = new ArrayList<>();
        add(parts, plan.count(Action.CREATE), "to create");
        add(parts, plan.count(Action.CHANGE), "to change");
        add(parts, plan.count(Action.REMOVE), "to remove");
        add(parts, plan.orphaned(), "left behind");
        return String.join(", ", parts) + ".";
    }

    private static void add(List<String> parts, long count, String what) {
        if (count > 0) {
            parts.add(count + " " + what);
        }
    }
}
