package dev.stoa.platform.build.cnb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.platform.build.cnb.BuildPlan.Alternative;
import dev.stoa.platform.build.cnb.BuildPlan.Candidate;
import dev.stoa.platform.build.cnb.BuildPlan.Requirement;
import dev.stoa.platform.build.cnb.BuildPlan.Resolution;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.tomlj.Toml;

class BuildPlanTest {
    private static final Alternative NOTHING = new Alternative(List.of(), List.of());

    @Test
    void whatOneProvidesAndALaterOneRequiresIsAPlan() {
        assertThat(works(needed("node", provides("node")), needed("app", requires("node"))))
                .isEqualTo("node app: node by [node]");
    }

    @Test
    void aBuildpackMayProvideForItself() {
        assertThat(works(needed("one", both("x")))).isEqualTo("one: x by [one]");
    }

    @Test
    void aProviderThatComesTooLateDoesNotHelp() {
        assertThat(fails(needed("app", requires("node")), needed("node", provides("node"))))
                .isEqualTo("app requires \"node\", which neither it nor a buildpack before it provides");
    }

    @Test
    void whatNobodyRequiresMustNotBeProvided() {
        assertThat(fails(needed("node", provides("node")), needed("app", NOTHING)))
                .isEqualTo("node provides \"node\", which neither it nor a buildpack after it requires");
    }

    @Test
    void everyProviderBeforeTheRequirementIsAsked() {
        assertThat(works(needed("a", provides("x")), needed("b", provides("x")), needed("c", requires("x"))))
                .isEqualTo("a b c: x by [a, b]");
    }

    @Test
    void alternativesAreTriedDepthFirstTheFirstBuildpacksFirstLongest() {
        Candidate provider = needed("p", provides("a"), provides("b"));
        assertThat(works(provider, needed("q", requires("b"), requires("a")))).isEqualTo("p q: a by [p]");
        assertThat(works(provider, needed("q", requires("c"), requires("b")))).isEqualTo("p q: b by [p]");
    }

    @Test
    void anOptionalBuildpackThatDoesNotFitIsLeftOutWithAllThatItBrings() {
        assertThat(works(optional("extra", provides("debug")), needed("app", NOTHING)))
                .isEqualTo("app:");
        assertThat(works(optional("extra", requires("debug")), needed("app", NOTHING)))
                .isEqualTo("app:");
        // Without the second, nobody requires what the first provides.
        assertThat(works(
                        optional("first", provides("x")),
                        optional("second", requires("x", "missing")),
                        needed("app", NOTHING)))
                .isEqualTo("app:");
    }

    @Test
    void aNeededBuildpackThatAnOptionalOneLeavesAloneFails() {
        assertThat(fails(needed("first", provides("x")), optional("second", requires("x", "missing"))))
                .isEqualTo("first provides \"x\", which neither it nor a buildpack after it requires");
    }

    @Test
    void aGroupOfWhichNobodyIsLeftFails() {
        assertThat(fails(optional("only", requires("x"))))
                .isEqualTo("every buildpack of the group is optional, and none of them has what it requires");
    }

    @Test
    void theOtherAlternativesThatFailAreCounted() {
        assertThat(fails(needed("app", requires("a"), requires("b"), requires("c"))))
                .endsWith("provides (and the other 2 alternatives fail, too)");
    }

    @Test
    void alternativesWithoutEndAreGivenUp() {
        List<Candidate> group = IntStream.range(0, 60)
                .mapToObj(i -> new Candidate("p" + i, false, Collections.nCopies(60, requires("x"))))
                .toList();

        assertThat(BuildPlan.resolve(group)).isInstanceOf(Resolution.Fails.class);
    }

    @Test
    void thePlanOfADetectionIsReadWithItsAlternatives() {
        List<Alternative> read = BuildPlan.parse(TomlFile.parse("plan", """
                [[provides]]
                name = "a"
                [[or]]
                [[or.provides]]
                name = "b"
                [[or.requires]]
                name = "c"
                [or.requires.metadata]
                version = "1"
                """));

        assertThat(read).hasSize(2);
        assertThat(read.getFirst()).isEqualTo(provides("a"));
        assertThat(read.getLast().requires().getFirst().content().getString("metadata.version"))
                .isEqualTo("1");
    }

    private static Alternative provides(String... names) {
        return new Alternative(List.of(names), List.of());
    }

    private static Alternative requires(String... names) {
        return new Alternative(List.of(), requirements(names));
    }

    private static Alternative both(String name) {
        return new Alternative(List.of(name), requirements(name));
    }

    private static List<Requirement> requirements(String... names) {
        return Stream.of(names)
                .map(name -> new Requirement(name, Toml.parse("name = \"" + name + "\"")))
                .toList();
    }

    private static Candidate needed(String name, Alternative... alternatives) {
        return new Candidate(name, false, List.of(alternatives));
    }

    private static Candidate optional(String name, Alternative... alternatives) {
        return new Candidate(name, true, List.of(alternatives));
    }

    private static String works(Candidate... group) {
        Resolution resolution = BuildPlan.resolve(List.of(group));
        assertThat(resolution).isInstanceOf(Resolution.Works.class);
        Resolution.Works works = (Resolution.Works) resolution;
        StringBuilder text = new StringBuilder(String.join(" ", works.group())).append(':');
        works.entries().forEach(entry -> text.append(" %s by %s".formatted(entry.name(), entry.providers())));
        return text.toString();
    }

    private static String fails(Candidate... group) {
        Resolution resolution = BuildPlan.resolve(List.of(group));
        assertThat(resolution).isInstanceOf(Resolution.Fails.class);
        return ((Resolution.Fails) resolution).reason();
    }
}
