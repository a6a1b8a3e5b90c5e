package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.Optional;

/** A tool that some buildpack needs: what it is called, where its installer puts it, and how to get it. */
@SuppressWarnings("ImmutableEnumChecker") // Its lists are those of List.of.
enum ToolKind {
    GO(
            "go",
            "a Go app",
            List.of("go", "golang"),
            List.of("/usr/local/go/bin", "~/go/bin", "~/sdk/go/bin"),
            List.of("env", "GOROOT", "GOVERSION"),
            new Packages("golang-go", "golang", "go", "go")),
    CARGO(
            "cargo",
            "a Rust app",
            List.of("rust"),
            List.of("~/.cargo/bin"),
            List.of(),
            new Packages("cargo", "cargo", "rust", "rust")),
    RUBY(
            "ruby",
            "a Ruby app",
            List.of("ruby"),
            List.of("~/.rbenv/shims", "~/.rbenv/bin"),
            List.of(
                    "-e",
                    "puts RbConfig.ruby, RUBY_VERSION, RbConfig::CONFIG['prefix'], RbConfig::CONFIG['ruby_version'],"
                            + " Gem.default_path.join(':')"),
            new Packages("ruby ruby-dev build-essential", "ruby ruby-devel gcc make", "ruby", "ruby")),
    BUNDLE(
            "bundle",
            "a Ruby app",
            List.of("ruby"),
            List.of(),
            List.of(),
            new Packages("ruby-bundler", "rubygem-bundler", "ruby", "ruby")),
    PHP(
            "php",
            "a PHP app",
            List.of("php"),
            List.of(),
            List.of("-r", "echo PHP_BINARY, \"\\n\", PHP_VERSION, \"\\n\", PHP_BINDIR, \"\\n\";"),
            new Packages("php-cli php-mbstring php-xml php-sqlite3", "php-cli php-mbstring php-xml", "php", "php")),
    COMPOSER(
            "composer",
            "a PHP app with a composer.json",
            List.of("composer"),
            List.of("~/.config/composer/vendor/bin", "~/.composer/vendor/bin"),
            List.of(),
            new Packages("composer", "composer", "composer", "composer")),
    FRANKENPHP(
            "frankenphp",
            "a PHP app",
            List.of(),
            List.of(),
            List.of(),
            new Packages("frankenphp", "frankenphp", "", "")),
    DENO(
            "deno",
            "a Deno app",
            List.of("deno"),
            List.of("~/.deno/bin"),
            List.of("eval", "console.log(Deno.execPath() + '\\n' + Deno.version.deno)"),
            new Packages("", "", "deno", "deno", "deno")),
    BUN(
            "bun",
            "a Bun app",
            List.of("bun"),
            List.of("~/.bun/bin"),
            List.of("-e", "console.log(process.execPath + '\\n' + Bun.version)"),
            new Packages("", "", "oven-sh/bun/bun", "bun", "bun")),
    GRADLE(
            "gradle",
            "a Gradle app without gradlew",
            List.of("gradle"),
            List.of("~/.sdkman/candidates/gradle/current/bin", "/opt/gradle/bin"),
            List.of(),
            new Packages("gradle", "gradle", "gradle", "gradle")),
    MAVEN(
            "mvn",
            "a Maven app without mvnw",
            List.of("maven"),
            List.of("~/.sdkman/candidates/maven/current/bin", "/opt/maven/bin"),
            List.of(),
            new Packages("maven", "maven", "maven", "maven")),
    NODE(
            "node",
            "a Node.js app",
            List.of("node", "nodejs"),
            List.of("~/.volta/bin"),
            List.of("-p", "process.execPath + '\\n' + process.version"),
            new Packages("nodejs npm", "nodejs npm", "node", "node"));

    private final String program;
    private final String why;
    private final List<String> names;
    private final List<String> folders;
    private final List<String> question;
    private final Packages packages;

    /** How package managers call it; empty where one has it not. */
    private record Packages(String debian, String fedora, String homebrew, String mise, String npm) {
        Packages(String debian, String fedora, String homebrew, String mise) {
            this(debian, fedora, homebrew, mise, "");
        }
    }

    ToolKind(
            String program,
            String why,
            List<String> names,
            List<String> folders,
            List<String> question,
            Packages packages) {
        this.program = program;
        this.why = why;
        this.names = names;
        this.folders = folders;
        this.question = question;
        this.packages = packages;
    }

    String program() {
        return program;
    }

    /** As version managers call it. */
    List<String> names() {
        return names;
    }

    /** Where it is when no PATH leads there; {@code ~} is the home folder. */
    List<String> folders() {
        return folders;
    }

    /** Arguments with which it says, line by line, where it really is, and its version. */
    List<String> question() {
        return question;
    }

    StoaException missing(Optional<ToolWish> wish) {
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "this machine has no %s, which %s needs to be built%s"
                        .formatted(
                                program,
                                why,
                                wish.map(w -> " (%s asks for %s)".formatted(w.file(), w.version()))
                                        .orElse("")),
                howToInstall(wish));
    }

    StoaException tooOld(String found, ToolWish wish) {
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "%s asks for %s %s, and this machine has %s".formatted(wish.file(), program, wish.version(), found),
                howToInstall(Optional.of(wish)));
    }

    private String howToInstall(Optional<ToolWish> wish) {
        StringBuilder ways = new StringBuilder("install it where the platform runs: ");
        add(ways, "on Debian and Ubuntu", "apt install ", packages.debian());
        add(ways, "on Fedora", "dnf install ", packages.fedora());
        add(ways, "on macOS", "brew install ", packages.homebrew());
        String version = wish.map(ToolWish::version)
                .filter(v -> v.matches("[\\w.-]+"))
                .map(v -> "@" + v)
                .orElse("");
        add(ways, "with npm", "npm install -g ", packages.npm().isEmpty() ? "" : packages.npm() + version);
        add(ways, "or with mise", "mise use -g ", packages.mise().isEmpty() ? "" : packages.mise() + version);
        return ways.substring(0, ways.length() - 2);
    }

    private static void add(StringBuilder ways, String where, String command, String packages) {
        if (!packages.isEmpty()) {
            ways.append(where).append(" \"").append(command).append(packages).append("\", ");
        }
    }
}
