package dev.stoa.platform.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Gemfile and its lock, as far as a build goes by them.
 *
 * @param text of the Gemfile
 * @param lock of Gemfile.lock, or empty
 */
record Gemfile(String text, Optional<String> lock) {
    static final String FILE = "Gemfile";
    static final String LOCK = "Gemfile.lock";

    private static final Pattern RUBY = Pattern.compile("(?m)^\\s*ruby\\s+[\"']\\s*([^\"']+)[\"']");
    private static final Pattern ANY_GEM =
            Pattern.compile("(?m)^\\s*(gem\\s*[\"'(]|gemspec|path\\b|git\\b|eval_gemfile)");

    static Gemfile read(SourceFolder source) {
        return new Gemfile(source.text(FILE).orElse(""), source.text(LOCK));
    }

    boolean namesGems() {
        return ANY_GEM.matcher(text).find();
    }

    /** Whether the app has this gem, itself or by another. */
    boolean has(String gem) {
        String name = Pattern.quote(gem);
        return Pattern.compile("(?m)^\\s*gem\\s*\\(?\\s*[\"']" + name + "[\"']")
                        .matcher(text)
                        .find()
                || lock.filter(l -> Pattern.compile("(?m)^    " + name + " \\(")
                                .matcher(l)
                                .find())
                        .isPresent();
    }

    boolean rails() {
        return has("rails") || has("railties");
    }

    /** Bundler refuses another Ruby than the Gemfile's; the other files are advice. */
    boolean insistsOnRuby() {
        return RUBY.matcher(text).find();
    }

    Optional<ToolWish> ruby(SourceFolder source) {
        Matcher matcher = RUBY.matcher(text);
        if (matcher.find()) {
            return Optional.of(new ToolWish(matcher.group(1), FILE));
        }
        return ToolWish.firstLine(source, ".ruby-version").or(() -> ToolWish.declared(source, ToolKind.RUBY.names()));
    }

    /** Everything that decides which gems are installed. */
    List<String> ingredients(SourceFolder source) {
        List<String> ingredients = new ArrayList<>(List.of(text, lock.orElse("")));
        ingredients.add(source.text(".ruby-version").orElse(""));
        ingredients.add(source.text(".bundle/config").orElse(""));
        return ingredients;
    }
}
