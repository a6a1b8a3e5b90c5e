package dev.stoa.platform.build;

import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.base.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes a slug serve files with Stoa's static server, which comes along in the slug. */
final class StaticSite {
    private static final String JAR = BuildContext.OWN_FOLDER + "/static-server.jar";

    /** Where site generators and people put what is to be served. */
    private static final List<String> ROOTS = List.of(".", "public", "dist", "build", "out", "_site");

    /** Their lines are checked when the site is built: the server leaves out what it does not understand. */
    private static final List<String> RULES = List.of("_redirects", "_headers");

    /** A small heap and one compiler: a file server needs no more, and starts sooner. */
    private static final String JAVA_OPTIONS = "-Xshare:auto -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m";

    private final Path jar;
    private final Path javaHome;

    StaticSite(Path jar, Path javaHome) {
        this.jar = jar;
        this.javaHome = javaHome;
    }

    /** The folder of the site within the source. */
    static Optional<String> root(SourceFolder source) {
        return ROOTS.stream().filter(root -> source.has(root + "/index.html")).findFirst();
    }

    /** The folder that a generator has made. */
    static Optional<String> generated(SourceFolder source) {
        return root(source).filter(root -> !root.equals("."));
    }

    /**
     * @param singlePage whether an unknown path belongs to the page's own script; a 404.html in the site says that it does not
     */
    Buildpack.Built serve(BuildContext context, String site, boolean singlePage) throws InterruptedException {
        Path root = context.source().root();
        try {
            // The app's own build may have left a link of this name, which must not lead the copy elsewhere.
            FileTree.delete(root.resolve(BuildContext.OWN_FOLDER));
            Path folder = Files.createDirectory(root.resolve(BuildContext.OWN_FOLDER));
            Path copy = Files.copy(jar, root.resolve(JAR));
            // Instances run as somebody else, whatever the platform's umask.
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
            context.written();
        } catch (IOException e) {
            throw BuildContext.diskError(e);
        }
        SourceFolder source = context.source();
        boolean fallback = singlePage && source.has(site + "/index.html") && !source.has(site + "/404.html");
        context.detail("serving " + (site.equals(".") ? "the folder" : site + "/")
                + (fallback ? ", and its index.html for every path that is no file" : " as it is"));
        Path java = Toolchains.realPath(javaHome);
        Map<String, String> env = Map.of("PATH", java.resolve("bin") + ":" + BuildEnvironment.SYSTEM_PATH);
        List<Path> readable =
                Stream.of(java).filter(p -> !Toolchains.isSystem(p)).toList();
        String folder = Shell.quoteIfNeeded(site);
        if (RULES.stream().anyMatch(file -> source.has(site + "/" + file))) {
            context.outcome("java %s -jar %s --check %s".formatted(JAVA_OPTIONS, JAR, folder), env, readable)
                    .printed()
                    .forEach(context::show);
        }
        String command = "java %s -jar %s %s%s".formatted(JAVA_OPTIONS, JAR, fallback ? "--single-page " : "", folder);
        return new Buildpack.Built(Map.of("web", command), env, readable);
    }
}
