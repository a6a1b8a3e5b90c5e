package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an app's pom or Gradle files, with recording programs in the place of Maven and Gradle. */
class JavaBuildpackTest {
    private static final String MAKES_A_JAR = "mkdir -p %1$s && cp made.jar %1$s/app.jar";

    @TempDir
    Path dir;

    private Workshop workshop;
    private StandIn tools;

    @BeforeEach
    void workshop() throws IOException {
        workshop = new Workshop(dir.toRealPath());
        tools = new StandIn(dir.toRealPath().resolve("tools"));
        workshop.environment = tools.environment();
    }

    @Test
    void aSpringBootJarIsToldThePort() throws Exception {
        tools.program("mvn", MAKES_A_JAR.formatted("target"));

        Slug slug = workshop.build(app(Map.of("pom.xml", "<project/>"), Map.of("Spring-Boot-Version", "3.5.0"), ""));

        assertThat(slug.processes())
                .isEqualTo(Map.of("web", "java $JAVA_OPTS -Dserver.port=$PORT -jar target/app.jar"));
        assertThat(slug.env().get("JAVA_OPTS")).contains("MaxRAMPercentage");
    }

    @Test
    void aMicronautJarIsToldThePort() throws Exception {
        tools.program("mvn", MAKES_A_JAR.formatted("target"));

        Slug slug =
                workshop.build(app(Map.of("pom.xml", "<project/>"), Map.of(), "io/micronaut/runtime/Micronaut.class"));

        assertThat(slug.processes())
                .isEqualTo(Map.of("web", "java $JAVA_OPTS -Dmicronaut.server.port=$PORT -jar target/app.jar"));
    }

    @Test
    void theJarOfAModuleIsFound() throws Exception {
        tools.program("mvn", MAKES_A_JAR.formatted("apps/server/target"));

        assertThat(workshop.build(app(Map.of("pom.xml", "<project/>", "apps/server/pom.xml", ""), Map.of(), ""))
                        .processes())
                .isEqualTo(Map.of("web", "java $JAVA_OPTS -jar apps/server/target/app.jar"));
    }

    @Test
    void quarkusIsStartedByItsRunner() throws Exception {
        tools.program("mvn", "mkdir -p target/quarkus-app && cp made.jar target/quarkus-app/quarkus-run.jar");

        assertThat(workshop.build(app(Map.of("pom.xml", "<project/>"), Map.of(), ""))
                        .processes()
                        .get("web"))
                .isEqualTo("java $JAVA_OPTS -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT"
                        + " -jar target/quarkus-app/quarkus-run.jar");
    }

    @Test
    void aWrapperThatCannotDownloadGivesWayToTheMachinesMaven() throws Exception {
        tools.program("mvn", MAKES_A_JAR.formatted("target"));
        Map<String, String> files = Map.of(
                "pom.xml", "<project/>",
                "mvnw", "echo cannot reach the world >&2; exit 1",
                ".mvn/wrapper/maven-wrapper.properties", "distributionUrl=https://nowhere.invalid/maven.zip");

        workshop.build(app(files, Map.of(), ""));

        assertThat(workshop.output)
                .contains("       mvnw cannot get what .mvn/wrapper/maven-wrapper.properties names:"
                        + " the machine's mvn is used instead");
        assertThat(tools.calls()).anyMatch(call -> call.startsWith("mvn ") && call.endsWith(" package"));
    }

    @Test
    void aWrapperThatWorksIsUsedAndAskedOnce() throws Exception {
        tools.program("mvn", "exit 1");
        Map<String, String> files = Map.of(
                "pom.xml",
                "<project/>",
                "mvnw",
                "echo \"mvnw $*\"; mkdir -p $MAVEN_USER_HOME/wrapper/dists; " + MAKES_A_JAR.formatted("target"),
                ".mvn/wrapper/maven-wrapper.properties",
                "");

        workshop.build(app(files, Map.of(), ""));
        assertThat(workshop.shell.scripts).contains("sh ./mvnw --version");
        workshop.shell.scripts.clear();
        workshop.build(app(files, Map.of(), ""));

        assertThat(workshop.shell.scripts).doesNotContain("sh ./mvnw --version");
        assertThat(workshop.output).anyMatch(line -> line.contains("mvnw -q -B -DskipTests"));
    }

    @Test
    void mavenGetsACollectorUnlessSomebodyHasChosenOne() throws Exception {
        assertThat(mavenOptions(Map.of(), Map.of())).contains("-XX:+UseParallelGC");

        assertThat(mavenOptions(Map.of(".mvn/jvm.config", "-Xmx1g -XX:+UseG1GC\n"), Map.of()))
                .doesNotContain("GC");
        assertThat(mavenOptions(Map.of(), Map.of("JAVA_TOOL_OPTIONS", "-XX:+UseZGC")))
                .doesNotContain("GC");
        assertThat(mavenOptions(Map.of(), Map.of("MAVEN_OPTS", "-XX:+UseSerialGC")))
                .endsWith(" -XX:+UseSerialGC")
                .doesNotContain("Parallel");
    }

    @Test
    void whatTheAppGivesMavenComesLastSoThatItWins() throws Exception {
        assertThat(mavenOptions(Map.of(), Map.of("MAVEN_OPTS", "-Xmx900m -XX:TieredStopAtLevel=4")))
                .endsWith(" -Xmx900m -XX:TieredStopAtLevel=4")
                .contains("-XX:+UseParallelGC");
    }

    /** With which Maven is started. */
    private String mavenOptions(Map<String, String> files, Map<String, String> config) throws Exception {
        tools.program("mvn", "echo \"options:$MAVEN_OPTS\"; " + MAKES_A_JAR.formatted("target"));
        workshop.config = config;
        Map<String, String> all = new HashMap<>(files);
        all.put("pom.xml", "<project/>");
        workshop.build(app(all, Map.of(), ""));
        return workshop.output.stream()
                .filter(line -> line.contains("options:"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theJdkIsTheOneThatIsAskedForElseTheNextNewerOne() throws IOException {
        Map<String, String> environment = new HashMap<>();
        Path home = dir.toRealPath().resolve("home");
        environment.put("HOME", home.toString());
        environment.put("PATH", dir.toString());
        for (String version : new String[] {"901.0.2", "903.0.1", "902.0.9"}) {
            Path jdk = home.resolve(".sdkman/candidates/java/" + version + "-tem");
            new StandIn(jdk.resolve("bin")).program("javac", "");
            Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        }
        Toolchains toolchains = new Toolchains(environment, Workshop.JAVA_HOME);

        assertThat(choose(toolchains, "system.properties", "java.runtime.version=902")
                        .version())
                .isEqualTo("902.0.9");
        assertThat(choose(toolchains, ".sdkmanrc", "java=900.0.1-tem").version())
                .isEqualTo("901.0.2");
        assertThat(choose(toolchains, ".java-version", "temurin-903.0.1").version())
                .isEqualTo("903.0.1");
    }

    @Test
    void gradlesWrapperBuildsWhatThePluginsMake() throws Exception {
        Map<String, String> files = Map.of(
                "build.gradle.kts", "plugins { id(\"org.springframework.boot\") version \"3.5.0\" }",
                "gradlew", "echo \"gradlew $*\"; " + MAKES_A_JAR.formatted("build/libs"),
                "gradle/wrapper/gradle-wrapper.properties", "distributionUrl=https\\://x/gradle-8.14-bin.zip");

        Slug slug = workshop.build(app(files, Map.of("Spring-Boot-Version", "3.5.0"), ""));

        assertThat(workshop.output)
                .contains("-----> Gradle detected", "       gradlew bootJar --no-daemon --console=plain --quiet");
        assertThat(slug.processes())
                .isEqualTo(Map.of("web", "java $JAVA_OPTS -Dserver.port=$PORT -jar build/libs/app.jar"));
    }

    @Test
    void gradleOfTheMachineInstallsAnApplication() throws Exception {
        tools.program("gradle", "mkdir -p build/install/shop/bin && echo run > build/install/shop/bin/shop");

        Slug slug = workshop.build(workshop.source(Map.of("build.gradle", "plugins {\n    id 'application'\n}\n")));

        assertThat(tools.calls()).containsExactly("gradle installDist --no-daemon --console=plain --quiet");
        assertThat(slug.processes()).isEqualTo(Map.of("web", "sh build/install/shop/bin/shop"));
    }

    @Test
    void theTaskGoesByThePlugins() {
        assertThat(GradleBuildpack.task("tasks.register(\"stage\") {}")).isEqualTo("stage");
        assertThat(GradleBuildpack.task("id(\"io.quarkus\")")).isEqualTo("quarkusBuild");
        assertThat(GradleBuildpack.task("id(\"com.gradleup.shadow\")")).isEqualTo("shadowJar");
        assertThat(GradleBuildpack.task("plugins {\n    application\n}")).isEqualTo("installDist");
        assertThat(GradleBuildpack.task("plugins { java }")).isEqualTo("assemble");
    }

    private Jdk choose(Toolchains toolchains, String file, String text) throws IOException {
        Path source = Files.createTempDirectory(dir, "source").toRealPath();
        Files.writeString(source.resolve(file), text);
        return Jdk.choose(toolchains, Jdk.wish(new SourceFolder(source, Manifest.EMPTY)), 0, Integer.MAX_VALUE);
    }

    /** An app whose build copies this jar to where its tool would leave it. */
    private Path app(Map<String, String> files, Map<String, String> attributes, String entry) throws IOException {
        Path source = workshop.source(files);
        java.util.jar.Manifest manifest = new java.util.jar.Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "shop.Main");
        attributes.forEach((name, value) -> manifest.getMainAttributes().putValue(name, value));
        try (OutputStream out = Files.newOutputStream(source.resolve("made.jar"));
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            if (!entry.isEmpty()) {
                jar.putNextEntry(new JarEntry(entry));
            }
        }
        return source;
    }
}
