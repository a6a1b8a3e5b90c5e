package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs Ruby apps without gems; a recording program stands in for Ruby and Bundler where there are gems. */
class RubyBuildpackTest {
    private static final String LOCK = """
            GEM
              remote: https://gems.example/
              specs:
                propshaft (1.0.0)
                rails (8.0.1)

            DEPENDENCIES
              rails
            """;

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() throws IOException {
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void anAppWithoutGemsRuns() throws Exception {
        assumeTrue(Programs.present("ruby", "bundle"), "needs ruby and bundle: apt-get install ruby ruby-bundler");
        Slug slug = workshop.build(
                workshop.source(Map.of("Gemfile", "source \"https://gems.example.org\"\n", "app.rb", """
                require "socket"
                server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT")))
                loop do
                  client = server.accept
                  client.gets
                  body = "hello from #{ENV["RACK_ENV"]}"
                  client.write "HTTP/1.1 200 OK\\r\\nContent-Length: #{body.size}\\r\\nConnection: close\\r\\n\\r\\n#{body}"
                  client.close
                end
                """)));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "bundle exec ruby app.rb"));
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).isEqualTo("hello from production");
        }
    }

    @Test
    void aRailsAppGetsItsGemsAndItsAssetsAndASecondBuildInstallsNothing() throws Exception {
        StandIn tools = rubyAndBundler();
        Map<String, String> files = rails();

        workshop.build(workshop.source(files));
        assertThat(tools.calls().stream().filter(call -> call.startsWith("bundle ")))
                .containsExactly("bundle check --dry-run", "bundle install", "bundle exec rake assets:precompile");
        Slug second = workshop.build(workshop.source(files));

        assertThat(tools.calls().stream().filter(call -> call.equals("bundle install")))
                .hasSize(1);
        assertThat(workshop.output).contains("-----> Dependencies unchanged, taken from the last build");
        assertThat(second.root().resolve("vendor/bundle/gems")).exists();
        assertThat(second.processes())
                .isEqualTo(Map.of("web", "ruby bin/rails server -b 0.0.0.0 -p $PORT -e production"));
        assertThat(second.env())
                .containsEntry("RAILS_ENV", "production")
                .containsEntry("BUNDLE_PATH", second.mount() + "/vendor/bundle")
                .containsEntry("BUNDLE_FROZEN", "true");
        assertThat(workshop.secrets.get("SECRET_KEY_BASE")).hasSize(64);
    }

    @Test
    void theGemsOfTheMachineAreEnoughWhereBundlerSaysSo() throws Exception {
        StandIn tools = rubyAndBundler();
        tools.program("bundle", "exit 0");

        Slug slug = workshop.build(workshop.source(Map.of("Gemfile", "gem 'sinatra'\ngem 'puma'\n", "config.ru", "")));

        assertThat(tools.calls()).doesNotContain("bundle install");
        assertThat(slug.processes()).isEqualTo(Map.of("web", "bundle exec puma -p $PORT -e production"));
    }

    @Test
    void aRubyThatBundlerWouldRefuseIsNamedBeforehand() throws Exception {
        rubyAndBundler();
        Path source = workshop.source(Map.of("Gemfile", "ruby '2.7.8'\ngem 'rails'\n"));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.code()).isEqualTo(ErrorCode.TOOL_MISSING);
        assertThat(error.message()).isEqualTo("Gemfile asks for ruby 2.7.8, and this machine has 3.3.5");
        assertThat(error.hint().orElseThrow()).contains("mise use -g ruby@2.7.8");
    }

    @Test
    void rangesOfRubyAreReadAsBundlerReadsThem() throws Exception {
        rubyAndBundler();
        for (String range : new String[] {"3.3", "~> 3.3", "~> 3.3.0", ">= 3.0", "3.3.5"}) {
            workshop.build(
                    workshop.source(Map.of("Gemfile", "ruby '" + range + "'\ngem 'rack'\n", "config.ru", "run nil")));
            assertThat(workshop.output).contains("-----> Using Ruby 3.3.5");
        }
    }

    @Test
    void theServerIsTheOneAmongTheGems() {
        assertThat(rack("gem 'falcon'")).startsWith("bundle exec falcon serve");
        assertThat(rack("gem \"thin\"")).startsWith("bundle exec thin start");
        assertThat(rack("gem 'rack'")).isEqualTo("bundle exec rackup -o 0.0.0.0 -p $PORT -E production");
        assertThat(RubyBuildpack.webCommand(
                        folder(Map.of("app.rb", "require 'sinatra'")), new Gemfile("", Optional.empty())))
                .hasValue("bundle exec ruby app.rb -o 0.0.0.0 -p $PORT");
    }

    private static Map<String, String> rails() {
        Map<String, String> files = new HashMap<>();
        files.put("Gemfile", "source 'https://gems.example'\ngem 'rails', '~> 8.0'\n");
        files.put("Gemfile.lock", LOCK);
        files.put("Rakefile", "");
        files.put("package.json", "{}");
        files.put("config/application.rb", "");
        files.put("bin/rails", "");
        return files;
    }

    private StandIn rubyAndBundler() throws IOException {
        StandIn tools = new StandIn(dir.toRealPath().resolve("tools"));
        Path ruby = tools.program("ruby", "printf '%s\\n' \"$0\" 3.3.5 /usr 3.3.0 /usr/lib/gems");
        assertThat(ruby).isExecutable();
        tools.program("bundle", "case $1 in check) exit 1 ;; install) mkdir -p \"$BUNDLE_PATH/gems\" ;; esac");
        workshop.environment = tools.environment();
        return tools;
    }

    private String rack(String gemfile) {
        return RubyBuildpack.webCommand(folder(Map.of("config.ru", "")), new Gemfile(gemfile, Optional.empty()))
                .orElseThrow();
    }

    private SourceFolder folder(Map<String, String> files) {
        return new SourceFolder(workshop.source(files), Manifest.EMPTY);
    }
}
