package dev.stoa.platform.build.cnb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlTable;

/**
 * Finds out which buildpacks of a group can work together: every thing that one requires must be provided by itself or one
 * before it, and every thing that one provides must be required by itself or one after it. Pure: runs nothing.
 */
final class BuildPlan {
    /** Alternatives multiply; more than this is no plan but an attack. */
    static final int TRIALS_MAX = 20_000;

    private BuildPlan() {}

    /** @param content the whole entry, as its provider will get it */
    record Requirement(String name, TomlTable content) {}

    /** One way in which a buildpack can take part. */
    record Alternative(List<String> provides, List<Requirement> requires) {
        static final Alternative NOTHING = new Alternative(List.of(), List.of());

        Alternative {
            provides = List.copyOf(provides);
            requires = List.copyOf(requires);
        }
    }

    /**
     * A buildpack that has passed detection.
     *
     * @param name         by which the plan knows it, unique in the group
     * @param alternatives at least one, the preferred first
     */
    record Candidate(String name, boolean optional, List<Alternative> alternatives) {
        Candidate {
            alternatives = List.copyOf(alternatives);
        }
    }

    /** A thing, who provides it, and what was asked of it. */
    record Entry(String name, List<String> providers, List<Requirement> requirements) {
        Entry {
            providers = List.copyOf(providers);
            requirements = List.copyOf(requirements);
        }
    }

    sealed interface Resolution {
        /** @param group names of those who take part, in their order */
        record Works(List<String> group, List<Entry> entries) implements Resolution {}

        /** @param reason why the preferred alternatives do not fit together */
        record Fails(String reason) implements Resolution {}
    }

    /** What {@code bin/detect} wrote. */
    static List<Alternative> parse(TomlFile plan) {
        List<Alternative> alternatives = new ArrayList<>(List.of(alternative(plan)));
        plan.tables("or").stream().map(BuildPlan::alternative).forEach(alternatives::add);
        return alternatives;
    }

    private static Alternative alternative(TomlFile section) {
        return new Alternative(
                section.tables("provides").stream().map(p -> p.need("name")).toList(),
                section.tables("requires").stream()
                        .map(r -> new Requirement(r.need("name"), r.table()))
                        .toList());
    }

    /** Tries the alternatives of all buildpacks with each other, the first of the first one longest. */
    static Resolution resolve(List<Candidate> group) {
        Search search = new Search(group, new ArrayList<>());
        return search.from(0)
                .orElseGet(() -> new Resolution.Fails(search.reasons.getFirst()
                        + (search.reasons.size() == 1
                                ? ""
                                : " (and the other %d alternatives fail, too)".formatted(search.reasons.size() - 1))));
    }

    private record Choice(Candidate candidate, Alternative alternative) {}

    private static final class Search {
        private final List<Candidate> group;
        private final List<Choice> chosen;
        private final List<String> reasons = new ArrayList<>();

        Search(List<Candidate> group, List<Choice> chosen) {
            this.group = group;
            this.chosen = chosen;
        }

        Optional<Resolution> from(int position) {
            if (position == group.size()) {
                return tried(new ArrayList<>(chosen));
            }
            Candidate candidate = group.get(position);
            for (Alternative alternative : candidate.alternatives()) {
                chosen.add(new Choice(candidate, alternative));
                Optional<Resolution> found = from(position + 1);
                chosen.removeLast();
                if (found.isPresent() || reasons.size() >= TRIALS_MAX) {
                    return found;
                }
            }
            return Optional.empty();
        }

        private Optional<Resolution> tried(List<Choice> trial) {
            while (!trial.isEmpty()) {
                Map<String, Thing> things = things(trial);
                Optional<Misfit> misfit = things.entrySet().stream()
                        .flatMap(thing -> thing.getValue().misfit(thing.getKey()).stream())
                        .filter(found -> !found.candidate.optional())
                        .findFirst();
                if (misfit.isPresent()) {
                    reasons.add(misfit.get().reason);
                    return Optional.empty();
                }
                List<Candidate> left = things.values().stream()
                        .flatMap(thing -> thing.misfits().stream())
                        .toList();
                if (left.isEmpty()) {
                    return Optional.of(works(trial, things));
                }
                trial.removeIf(choice -> left.contains(choice.candidate));
            }
            reasons.add("every buildpack of the group is optional, and none of them has what it requires");
            return Optional.empty();
        }

        private static Resolution works(List<Choice> trial, Map<String, Thing> things) {
            return new Resolution.Works(
                    trial.stream().map(choice -> choice.candidate.name()).toList(),
                    things.entrySet().stream()
                            .map(thing -> new Entry(
                                    thing.getKey(), thing.getValue().providers, thing.getValue().requirements))
                            .toList());
        }

        private static Map<String, Thing> things(List<Choice> trial) {
            Map<String, Thing> things = new LinkedHashMap<>();
            Function<String, Thing> thing = name -> things.computeIfAbsent(name, _ -> new Thing());
            for (Choice choice : trial) {
                choice.alternative.provides().forEach(name -> thing.apply(name).provide(choice.candidate));
                choice.alternative.requires().forEach(r -> thing.apply(r.name()).require(choice.candidate, r));
            }
            return things;
        }
    }

    private record Misfit(Candidate candidate, String reason) {}

    /** What is provided and required under one name. */
    private static final class Thing {
        private final List<String> providers = new ArrayList<>();
        private final List<Requirement> requirements = new ArrayList<>();

        /** Those who provide it for nobody so far. */
        private final List<Candidate> unused = new ArrayList<>();

        /** Those who require it before anybody provides it. */
        private final List<Candidate> unserved = new ArrayList<>();

        void provide(Candidate candidate) {
            unused.add(candidate);
        }

        void require(Candidate candidate, Requirement requirement) {
            unused.stream().map(Candidate::name).forEach(providers::add);
            unused.clear();
            if (providers.isEmpty()) {
                unserved.add(candidate);
            } else {
                requirements.add(requirement);
            }
        }

        List<Candidate> misfits() {
            return Stream.concat(unserved.stream(), unused.stream()).toList();
        }

        Optional<Misfit> misfit(String name) {
            return unserved.stream()
                    .filter(candidate -> !candidate.optional())
                    .map(candidate -> new Misfit(
                            candidate,
                            "%s requires \"%s\", which neither it nor a buildpack before it provides"
                                    .formatted(candidate.name(), name)))
                    .findFirst()
                    .or(() -> unused.stream()
                            .filter(candidate -> !candidate.optional())
                            .map(candidate -> new Misfit(
                                    candidate,
                                    "%s provides \"%s\", which neither it nor a buildpack after it requires"
                                            .formatted(candidate.name(), name)))
                            .findFirst());
        }
    }

    /** What of a plan is still to be done, by its entries' names. */
    static final class Open {
        private final Map<String, Entry> entries = new LinkedHashMap<>();

        Open(List<Entry> entries) {
            entries.forEach(entry -> this.entries.put(entry.name(), entry));
        }

        /** What this buildpack is asked for. */
        List<Entry> of(String buildpack) {
            return entries.values().stream()
                    .filter(entry -> entry.providers().contains(buildpack))
                    .toList();
        }

        void met(Entry entry) {
            entries.remove(entry.name());
        }

        List<String> left() {
            return entries.values().stream()
                    .filter(entry -> !entry.requirements().isEmpty())
                    .map(Entry::name)
                    .toList();
        }
    }

    /** What {@code bin/build} reads. */
    static String text(List<Entry> entries) {
        List<Map<String, Object>> list = entries.stream()
                .flatMap(entry -> entry.requirements().stream())
                .map(requirement -> requirement.content().toMap())
                .toList();
        return list.isEmpty() ? "" : Toml.toToml(Map.of("entries", list));
    }
}
