package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import dev.stoa.platform.build.cnb.BuildPlan.Alternative;
import dev.stoa.platform.build.cnb.BuildPlan.Candidate;
import dev.stoa.platform.build.cnb.BuildPlan.Resolution;
import dev.stoa.platform.build.cnb.Order.Member;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the first group whose buildpacks can build the app together. */
final class Detection {
    private static final int FAIL_STATUS = 100;

    private final Workbench bench;
    private final Folder app;
    private final Target machine;
    private final Map<Buildpack, Outcome> outcomes = new HashMap<>();
    private boolean broken;

    Detection(Workbench bench, Folder app, Target machine) {
        this.bench = bench;
        this.app = app;
        this.machine = machine;
    }

    private sealed interface Outcome {
        record Passed(List<Alternative> alternatives) implements Outcome {}

        /** @param reason what follows the buildpack's name */
        record Failed(String reason) implements Outcome {}
    }

    /** Who builds, and what for whom. */
    record Found(List<Buildpack> group, List<BuildPlan.Entry> plan) {}

    Found first(List<List<Member>> groups) throws InterruptedException {
        bench.step("Detecting");
        Set<String> reasons = new LinkedHashSet<>();
        for (List<Member> group : groups) {
            switch (resolve(group)) {
                case Resolution.Works(List<String> names, List<BuildPlan.Entry> entries) -> {
                    List<Buildpack> chosen = group.stream()
                            .map(Member::buildpack)
                            .filter(buildpack -> names.contains(buildpack.name()))
                            .toList();
                    return new Found(chosen, entries);
                }
                case Resolution.Fails(String reason) -> reasons.add(reason);
            }
        }
        throw new StoaException(
                broken ? ErrorCode.BUILD_FAILED : ErrorCode.NOT_RECOGNISED,
                "the buildpacks of stoa.toml cannot build this app: " + String.join("; ", reasons),
                "what they printed stands above; change \"buildpacks\" of [build] in stoa.toml, or what they look for");
    }

    private Resolution resolve(List<Member> group) throws InterruptedException {
        List<Candidate> candidates = new ArrayList<>();
        for (Member member : group) {
            switch (outcome(member.buildpack())) {
                case Outcome.Passed(List<Alternative> alternatives) ->
                    candidates.add(new Candidate(member.buildpack().name(), member.optional(), alternatives));
                case Outcome.Failed(String reason) -> {
                    if (!member.optional()) {
                        return new Resolution.Fails(member.buildpack().name() + " " + reason);
                    }
                }
            }
        }
        return candidates.isEmpty()
                ? new Resolution.Fails("every buildpack of the group is optional, and none passes detection")
                : BuildPlan.resolve(candidates);
    }

    private Outcome outcome(Buildpack buildpack) throws InterruptedException {
        Outcome known = outcomes.get(buildpack);
        if (known != null) {
            return known;
        }
        Outcome outcome = detect(buildpack);
        outcomes.put(buildpack, outcome);
        return outcome;
    }

    private Outcome detect(Buildpack buildpack) throws InterruptedException {
        List<Target> targets = buildpack.toml().targets();
        if (!targets.isEmpty() && targets.stream().noneMatch(target -> target.fits(machine))) {
            bench.detail("%s: not for this machine".formatted(buildpack.name()));
            return new Outcome.Failed("is for %s, and this machine is %s"
                    .formatted(
                            String.join(
                                    ", ", targets.stream().map(Target::toString).toList()),
                            machine));
        }
        String program = buildpack.program("detect");
        String plan = CloudNativeBuild.WORK + "/plan-%d.toml".formatted(outcomes.size());
        app.write(plan, "");
        String platform = app.mount() + "/" + CloudNativeBuild.PLATFORM;
        Map<String, String> env = CloudNativeBuild.withConfig(bench, buildpack, new HashMap<>());
        env.putAll(buildpack.env(machine, platform));
        env.put("CNB_BUILD_PLAN_PATH", app.mount() + "/" + plan);
        int status = bench.status(
                "exec %s %s %s"
                        .formatted(Shell.quote(program), Shell.quote(platform), Shell.quote(app.mount() + "/" + plan)),
                env);
        return switch (status) {
            case 0 -> {
                bench.detail("%s: passes".formatted(buildpack.name()));
                String file = "the build plan of " + buildpack.name();
                yield new Outcome.Passed(
                        BuildPlan.parse(TomlFile.parse(file, app.text(plan).orElse(""))));
            }
            case FAIL_STATUS -> {
                bench.detail("%s: does not pass".formatted(buildpack.name()));
                yield new Outcome.Failed("does not recognise the app (bin/detect ended with exit status 100)");
            }
            default -> {
                broken = true;
                bench.detail("%s: failed with exit status %d".formatted(buildpack.name(), status));
                yield new Outcome.Failed(
                        "failed: bin/detect ended with exit status %d, neither 0 nor 100".formatted(status));
            }
        };
    }
}
