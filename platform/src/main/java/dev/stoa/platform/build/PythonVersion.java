package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/**
 * The Python that an app asks for.
 *
 * @param file      that asks
 * @param specifier such as {@code 3.12}, {@code >=3.10,<4} (PEP 440), or Poetry's {@code ^3.11}
 */
record PythonVersion(String file, String specifier) {
    private static final Pattern NUMBERS = Pattern.compile("\\d+(\\.\\d+)*");
    private static final Pattern CLAUSE = Pattern.compile("(===|==|!=|>=|<=|~=|>|<|\\^|~)?\\s*v?(\\d[^\\s]*)");

    /** The first of the files that asks for one. */
    static Optional<PythonVersion> wanted(BuildContext context, PythonProject project) {
        SourceFolder source = context.source();
        return Stream.<Optional<PythonVersion>>of(
                        ofVersionFile(context), ofRuntime(source), ofToolVersions(source), project.requiresPython())
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<PythonVersion> ofVersionFile(BuildContext context) {
        String name = ".python-version";
        Optional<String> line = firstLine(context.source(), name);
        Optional<String> version = line.map(text -> text.replaceFirst("^(c?python)?[-@]?", ""))
                .filter(text -> NUMBERS.matcher(text).matches());
        if (line.isPresent() && version.isEmpty()) {
            context.detail("%s says \"%s\", which is no version of Python: it is left out of account"
                    .formatted(name, line.get()));
        }
        return version.map(text -> new PythonVersion(name, text));
    }

    private static Optional<PythonVersion> ofRuntime(SourceFolder source) {
        String name = "runtime.txt";
        return firstLine(source, name).map(line -> {
            Matcher matcher = Pattern.compile("python-(\\d+(\\.\\d+)*)").matcher(line);
            if (!matcher.matches()) {
                throw new StoaException(
                        ErrorCode.BUILD_FAILED,
                        "runtime.txt says \"%s\", which names no version of Python".formatted(line),
                        "write it like this:  python-3.12");
            }
            return new PythonVersion(name, matcher.group(1));
        });
    }

    private static Optional<PythonVersion> ofToolVersions(SourceFolder source) {
        String name = ".tool-versions";
        Optional<PythonVersion> tools = source.text(name)
                .flatMap(text -> text.lines()
                        .map(line -> line.strip().split("\\s+", -1))
                        .filter(words -> words.length > 1
                                && words[0].equals("python")
                                && NUMBERS.matcher(words[1]).matches())
                        .map(words -> new PythonVersion(name, words[1]))
                        .findFirst());
        return tools.or(() -> source.text("mise.toml")
                .map(Toml::parse)
                .filter(toml -> !toml.hasErrors())
                .flatMap(toml -> Optional.ofNullable(toml.get("tools.python")))
                .map(Object::toString)
                .filter(text -> NUMBERS.matcher(text).matches())
                .map(text -> new PythonVersion("mise.toml", text)));
    }

    private static Optional<String> firstLine(SourceFolder source, String name) {
        return source.text(name)
                .flatMap(text -> text.lines()
                        .map(line -> line.replace("\uFEFF", "").strip())
                        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                        .findFirst());
    }

    /** From {@code requires-python}, or Poetry's own key. */
    static Optional<PythonVersion> required(TomlParseResult project) {
        return Stream.of("project.requires-python", "tool.poetry.dependencies.python")
                .map(project::get)
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .map(text -> new PythonVersion("pyproject.toml", text))
                .findFirst();
    }

    /** The one of this machine that fits: that of the PATH if it does, else the newest. */
    static Toolchains.Tool choose(BuildContext context, Optional<PythonVersion> wanted) {
        Toolchains tools = context.tools();
        if (wanted.isEmpty()) {
            return tools.python();
        }
        PythonVersion wish = wanted.get();
        List<Toolchains.Tool> there = tools.pythons();
        if (there.isEmpty()) {
            return tools.python();
        }
        if (wish.fits(there.getFirst().version())) {
            return there.getFirst();
        }
        Comparator<Toolchains.Tool> newest =
                Comparator.comparing(tool -> numbers(tool.version()), PythonVersion::compare);
        Optional<Toolchains.Tool> fitting =
                there.stream().filter(tool -> wish.fits(tool.version())).max(newest);
        if (fitting.isPresent()) {
            return fitting.get();
        }
        Optional<Toolchains.Tool> near =
                there.stream().filter(tool -> wish.isSameSeries(tool.version())).max(newest);
        near.ifPresent(
                tool -> context.detail("%s asks for Python %s; this machine has %s of the same series, which is used"
                        .formatted(wish.file(), wish.specifier(), tool.version())));
        return near.orElseThrow(() -> wish.missing(there));
    }

    private StoaException missing(List<Toolchains.Tool> there) {
        String versions = there.stream()
                .map(Toolchains.Tool::version)
                .distinct()
                .sorted(Comparator.comparing(PythonVersion::numbers, PythonVersion::compare))
                .collect(Collectors.joining(", "));
        Matcher number = Pattern.compile("\\d+\\.\\d+").matcher(specifier);
        String one = number.find() ? number.group() : "3";
        return new StoaException(
                ErrorCode.TOOL_MISSING,
                "%s asks for Python %s, which this machine does not have: it has %s"
                        .formatted(file, specifier, versions),
                ("install it where the platform runs: \"uv python install %1$s\", \"mise install python@%1$s\" or \"pyenv install %1$s\","
                                + " on Debian and Ubuntu \"apt install python%1$s python%1$s-venv\"; or ask for one that is there")
                        .formatted(one));
    }

    /** A version that differs only in its last part, where exactly one version is asked for. */
    private boolean isSameSeries(String version) {
        List<Integer> mine = numbers(specifier);
        return NUMBERS.matcher(specifier).matches()
                && mine.size() > 2
                && mine.subList(0, 2).equals(numbers(version).subList(0, 2));
    }

    boolean fits(String version) {
        return Stream.of(specifier.split("\\|\\|?", -1))
                .anyMatch(alternative -> Stream.of(alternative.split(",", -1))
                        .map(String::strip)
                        .filter(clause -> !clause.isEmpty())
                        .allMatch(clause -> fits(clause, numbers(version))));
    }

    private static boolean fits(String clause, List<Integer> version) {
        Matcher matcher = CLAUSE.matcher(clause);
        if (!matcher.matches()) {
            // A star, or something that only the package manager understands, which will say so.
            return true;
        }
        String operator = matcher.group(1) == null ? "==" : matcher.group(1);
        List<Integer> wanted = numbers(matcher.group(2));
        int order = compare(version, wanted);
        return switch (operator) {
            case ">=" -> order >= 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            case "<" -> order < 0;
            case "!=" -> !startsWith(version, wanted);
            case "~=" -> order >= 0 && startsWith(version, wanted.subList(0, Math.max(1, wanted.size() - 1)));
            case "^" -> order >= 0 && startsWith(version, wanted.subList(0, 1));
            case "~" -> order >= 0 && startsWith(version, wanted.subList(0, Math.min(2, wanted.size())));
            default -> startsWith(version, wanted);
        };
    }

    private static boolean startsWith(List<Integer> version, List<Integer> prefix) {
        return version.size() >= prefix.size()
                && version.subList(0, prefix.size()).equals(prefix);
    }

    /** Of {@code 3.12.1} and {@code 3.12.*}. */
    private static List<Integer> numbers(String version) {
        Matcher matcher = NUMBERS.matcher(version);
        return matcher.lookingAt()
                ? Stream.of(matcher.group().split("\\.", -1))
                        .map(part -> part.length() > 6 ? 999_999 : Integer.parseInt(part))
                        .toList()
                : List.of();
    }

    private static int compare(List<Integer> a, List<Integer> b) {
        for (int i = 0; i < Math.max(a.size(), b.size()); i++) {
            int order = Integer.compare(i < a.size() ? a.get(i) : 0, i < b.size() ? b.get(i) : 0);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }
}
