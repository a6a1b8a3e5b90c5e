package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.build.cnb.BuildpackToml.Part;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The groups to try, in their order. Those of the given buildpacks that no composite one names form the top group; a
 * composite one stands for each of its own groups in turn. Pure.
 */
final class Order {
    /** Groups multiply; more than this is no order but an attack. */
    static final int GROUPS_MAX = 1000;

    private static final int DEPTH_MAX = 20;

    private final Map<String, Buildpack> byId = new LinkedHashMap<>();

    private Order(List<Buildpack> given) {
        for (Buildpack buildpack : given) {
            Buildpack other = byId.put(buildpack.toml().id(), buildpack);
            if (other != null) {
                throw buildpack.problem(
                        "has the id of the buildpack in " + other.from(), "name each buildpack once in \"buildpacks\"");
            }
        }
    }

    record Member(Buildpack buildpack, boolean optional) {}

    static List<List<Member>> groups(List<Buildpack> given) {
        Order order = new Order(given);
        Set<String> parts = given.stream()
                .flatMap(buildpack -> buildpack.toml().order().stream())
                .flatMap(List::stream)
                .map(Part::id)
                .collect(Collectors.toSet());
        List<Buildpack> top = given.stream()
                .filter(buildpack -> !parts.contains(buildpack.toml().id()))
                .toList();
        if (top.isEmpty()) {
            throw given.getFirst().problem("names itself in its order", "a composite buildpack must name others");
        }
        List<List<Member>> groups = List.of(List.of());
        for (Buildpack buildpack : top) {
            groups = product(groups, order.ways(buildpack, false, 0));
        }
        return groups.stream().map(Order::distinct).distinct().toList();
    }

    /** All that a member of a group can stand for. */
    private List<List<Member>> ways(Buildpack buildpack, boolean optional, int depth) {
        if (!buildpack.toml().isComposite()) {
            return List.of(List.of(new Member(buildpack, optional)));
        }
        if (depth == DEPTH_MAX) {
            throw buildpack.problem("names itself in its order", "a composite buildpack must name others");
        }
        List<List<Member>> ways = new ArrayList<>();
        for (List<Part> group : buildpack.toml().order()) {
            List<List<Member>> expanded = List.of(List.of());
            for (Part part : group) {
                expanded = product(expanded, ways(find(buildpack, part), part.optional(), depth + 1));
            }
            ways.addAll(expanded);
        }
        if (optional) {
            ways.add(List.of());
        }
        return ways;
    }

    private Buildpack find(Buildpack composite, Part part) {
        Buildpack found = byId.get(part.id());
        if (found == null) {
            throw composite.problem(
                    "names %s in its order, which is not among the buildpacks".formatted(part.id()),
                    "add it to \"buildpacks\" of [build] in stoa.toml; there are: " + String.join(", ", byId.keySet()));
        }
        if (!part.version().isEmpty() && !part.version().equals(found.toml().version())) {
            throw composite.problem(
                    "names version %s of %s in its order, and %s has version %s"
                            .formatted(
                                    part.version(),
                                    part.id(),
                                    found.from(),
                                    found.toml().version()),
                    "take the version of either that goes with the other");
        }
        return found;
    }

    private static List<List<Member>> product(List<List<Member>> heads, List<List<Member>> tails) {
        if ((long) heads.size() * tails.size() > GROUPS_MAX) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the orders of the buildpacks come to more than %d groups".formatted(GROUPS_MAX),
                    "name the buildpacks that the app needs one by one");
        }
        List<List<Member>> product = new ArrayList<>();
        for (List<Member> head : heads) {
            for (List<Member> tail : tails) {
                List<Member> group = new ArrayList<>(head);
                group.addAll(tail);
                product.add(group);
            }
        }
        return product;
    }

    /** A buildpack takes part once, where it comes first. */
    private static List<Member> distinct(List<Member> group) {
        Set<Buildpack> seen = new HashSet<>();
        return group.stream().filter(member -> seen.add(member.buildpack())).toList();
    }
}
