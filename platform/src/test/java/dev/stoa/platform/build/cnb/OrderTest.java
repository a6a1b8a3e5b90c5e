package dev.stoa.platform.build.cnb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.platform.build.cnb.BuildpackToml.Part;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OrderTest {
    @Test
    void severalBuildpacksAreOneGroup() {
        assertThat(groups(component("a"), component("b"))).containsExactly("a b");
    }

    @Test
    void aCompositeOneStandsForEachOfItsGroupsInTurn() {
        assertThat(groups(
                        component("e"),
                        composite("o", List.of(part("a"), part("b")), List.of(part("c"), part("d"))),
                        component("f"),
                        component("a"),
                        component("b"),
                        component("c"),
                        component("d")))
                .containsExactly("e a b f", "e c d f");
    }

    @Test
    void twoCompositeOnesAreExpandedDepthFirstFromTheLeft() {
        assertThat(groups(
                        composite("o", List.of(part("a")), List.of(part("b"))),
                        composite("p", List.of(part("c")), List.of(part("d"))),
                        component("a"),
                        component("b"),
                        component("c"),
                        component("d")))
                .containsExactly("a c", "a d", "b c", "b d");
    }

    @Test
    void anOptionalCompositeOneMayBeMissing() {
        assertThat(groups(
                        composite("o", List.of(new Part("p", "", true), part("b"))),
                        composite("p", List.of(part("a"))),
                        component("a"),
                        component("b")))
                .containsExactly("a b", "b");
    }

    @Test
    void anOptionalOneIsMarkedAndNoneTakesPartTwice() {
        assertThat(groups(
                        composite("o", List.of(new Part("a", "", true), part("b"), part("a"))),
                        component("a"),
                        component("b")))
                .containsExactly("a? b");
    }

    @Test
    void anOrderThatNamesWhatIsNotThereIsRefused() {
        assertThatThrownBy(() -> groups(composite("o", List.of(part("missing")))))
                .hasMessage("buildpack o@1.0.0 (./o) names missing in its order, which is not among the buildpacks");
        assertThatThrownBy(() -> groups(composite("o", List.of(new Part("a", "2.0.0", false))), component("a")))
                .hasMessageContaining("names version 2.0.0 of a in its order, and ./a has version 1.0.0");
    }

    @Test
    void ordersInACircleAndOrdersWithoutEndAreRefused() {
        assertThatThrownBy(() -> groups(composite("o", List.of(part("p"))), composite("p", List.of(part("o")))))
                .hasMessageContaining("names itself in its order");
        assertThatThrownBy(() -> groups(
                        composite("top", List.of(part("o"))),
                        composite("o", List.of(part("p"))),
                        composite("p", List.of(part("o")))))
                .hasMessageContaining("names itself in its order");
        List<List<Part>> many = Collections.nCopies(100, List.of(part("a")));
        assertThatThrownBy(() -> groups(ordered("o", many), ordered("p", many), component("a")))
                .hasMessageContaining("more than 1000 groups");
    }

    @Test
    void twoBuildpacksOfOneIdAreRefused() {
        assertThatThrownBy(() -> groups(component("a"), component("a")))
                .hasMessageContaining("has the id of the buildpack in ./a");
    }

    private static Part part(String id) {
        return new Part(id, "", false);
    }

    private static Buildpack component(String id) {
        return ordered(id, List.of());
    }

    private static Buildpack composite(String id, List<Part> only) {
        return ordered(id, List.of(only));
    }

    private static Buildpack composite(String id, List<Part> first, List<Part> second) {
        return ordered(id, List.of(first, second));
    }

    private static Buildpack ordered(String id, List<List<Part>> order) {
        return new Buildpack(
                "./" + id,
                new BuildpackToml("0.10", id, "1.0.0", false, order, List.of()),
                new Folder(Path.of("/nowhere"), "/nowhere"),
                id);
    }

    private static List<String> groups(Buildpack... given) {
        return Order.groups(List.of(given)).stream()
                .map(group -> group.stream()
                        .map(member -> member.buildpack().toml().id() + (member.optional() ? "?" : ""))
                        .collect(Collectors.joining(" ")))
                .toList();
    }

    @Test
    void theSameGroupIsTriedOnce() {
        assertThat(groups(composite("o", List.of(part("a")), List.of(part("a"))), component("a")))
                .containsExactly("a");
    }
}
