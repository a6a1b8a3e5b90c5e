package dev.stoa.platform;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the table of ARCHITECTURE.md: who may see whom. Think hard before changing it, and change both. */
class ArchitectureTest {
    private static final String ROOT = "dev.stoa.platform";

    /** By part: the other parts it may see, beyond {@code base}. */
    private static final Map<String, List<String>> MAY_SEE = new TreeMap<>(Map.ofEntries(
            Map.entry("base", List.of()),
            Map.entry("source", List.of()),
            Map.entry("build", List.of()),
            Map.entry("engine", List.of()),
            Map.entry("certificate", List.of()),
            Map.entry("router", List.of()),
            Map.entry("observe", List.of()),
            Map.entry("http", List.of()),
            Map.entry("bucket", List.of()),
            Map.entry("resource", List.of("bucket", "certificate", "engine", "observe")),
            Map.entry(
                    "control",
                    List.of("source", "build", "engine", "certificate", "router", "observe", "resource", "http"))));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.stoa");

    @Test
    void aPartSeesOnlyTheOnesInItsRowOfTheTable() {
        MAY_SEE.forEach((part, visible) -> {
            List<String> allowed = new ArrayList<>(List.of(part, "base"));
            allowed.addAll(visible);
            String[] packages =
                    allowed.stream().map(name -> ROOT + "." + name + "..").toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + part + "..")
                    .should()
                    .dependOnClassesThat(ofThePlatform().and(DescribedPredicate.not(resideInAnyPackage(packages))))
                    .because("ARCHITECTURE.md says who may see whom")
                    .check(CLASSES);
        });
    }

    @Test
    void everyPartHasARow() throws Exception {
        try (Stream<Path> parts = Files.list(Path.of("src/main/java/dev/stoa/platform"))) {
            assertThat(parts.filter(Files::isDirectory)
                            .map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(MAY_SEE.keySet());
        }
    }

    @Test
    void architectureMdPrintsTheSameTable() throws Exception {
        List<String> page = Files.readAllLines(Path.of("../ARCHITECTURE.md"));
        MAY_SEE.forEach((part, visible) -> assertThat(page)
                .contains("| `%s` | %s |".formatted(part, visible.isEmpty() ? "–" : String.join(", ", visible))));
    }

    @Test
    void theApiKnowsNothingOfThePlatform() {
        noClasses()
                .that()
                .resideInAPackage("dev.stoa.api..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + "..")
                .check(CLASSES);
    }

    @Test
    void sqlStandsOnlyInStores() {
        classes()
                .that(dependOnAny("org.jdbi..", "java.sql"))
                .and()
                .resideOutsideOfPackage(ROOT + ".base..")
                .should()
                .haveNameMatching(".*\\.(\\w+Store(\\$.*)?|Stores|Platform)")
                .check(CLASSES);
    }

    @Test
    void threadsAreCreatedOnlyInBase() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "..")
                .and()
                .resideOutsideOfPackage(ROOT + ".base..")
                .should()
                .callMethod(Thread.class, "ofVirtual")
                .orShould()
                .callMethod(Thread.class, "ofPlatform")
                .orShould()
                .callMethod(Thread.class, "startVirtualThread", Runnable.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Executors.class)
                .check(CLASSES);
    }

    private static DescribedPredicate<JavaClass> ofThePlatform() {
        return resideInAnyPackage(ROOT + "..");
    }

    private static DescribedPredicate<JavaClass> dependOnAny(String... packages) {
        return DescribedPredicate.describe(
                "depend on " + String.join(", ", packages),
                type -> type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(dependency -> resideInAnyPackage(packages).test(dependency.getTargetClass())));
    }
}
