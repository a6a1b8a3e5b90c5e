package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Java with Maven: the executable jar that {@code mvn package} leaves in target/. */
final class JavaBuildpack implements Buildpack {
    private static final String POM = "pom.xml";

    private static final Pattern RELEASE = Pattern.compile(
            "<(maven\\.compiler\\.release|maven\\.compiler\\.target|java\\.version|release)>\\s*(?:1\\.)?(\\d{1,3})\\s*</");

    @Override
    public String name() {
        return "java";
    }

    @Override
    public String looksFor() {
        return POM;
    }

    @Override
    public String startExample() {
        return "java $JAVA_OPTS -cp target/classes com.example.Shop";
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(POM);
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        String pom = context.source().text(POM).orElse("");
        Optional<ToolWish> wish = Jdk.wish(context.source());
        Jdk jdk = Jdk.choose(context.tools(), wish, release(pom), Integer.MAX_VALUE);
        context.step("Using JDK " + jdk.version());
        wish.filter(w -> ToolWish.compare(
                                String.valueOf(jdk.feature()), w.version().replaceFirst("^1\\.", ""))
                        > 0)
                .ifPresent(w ->
                        context.detail("%s asks for %s, which this machine has not".formatted(w.file(), w.version())));
        Path home = context.cache("maven");
        Map<String, String> env = new HashMap<>();
        env.put("JAVA_HOME", jdk.home().toString());
        env.put("PATH", jdk.path());
        env.put("MAVEN_USER_HOME", home.toString());
        env.put(MavenOptions.VARIABLE, MavenOptions.of(context, jdk));
        JavaTool maven = JavaTool.find(
                context,
                ToolKind.MAVEN,
                "mvnw",
                ".mvn/wrapper/maven-wrapper.properties",
                home.resolve("wrapper/dists"),
                env,
                jdk.readable());
        context.step("Building with Maven");
        context.run(
                "mvn package",
                "%s -q -B -DskipTests -Dmaven.repo.local=%s package"
                        .formatted(
                                maven.command(),
                                Shell.quote(home.resolve("repository").toString())),
                env,
                maven.readable());
        DependencyCache.boundDownloads(context, home);
        return new Built(
                JavaProgram.command(context.source(), "target")
                        .map(command -> Map.of("web", command))
                        .orElse(Map.of()),
                Map.of("JAVA_HOME", jdk.home().toString(), "PATH", jdk.path(), "JAVA_OPTS", Jdk.JAVA_OPTS),
                jdk.readable());
    }

    private static int release(String pom) {
        Matcher matcher = RELEASE.matcher(pom);
        return matcher.find() ? Integer.parseInt(matcher.group(2)) : 0;
    }
}
