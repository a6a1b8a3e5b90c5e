package dev.stoa.cli;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What a URL of a database says, for the tools of PostgreSQL: they read it from their environment. */
record DbConnection(String database, Map<String, String> environment) {
    private static final int PORT_DEFAULT = 5432;

    DbConnection {
        environment = Map.copyOf(environment);
    }

    static DbConnection of(String url) {
        URI uri = URI.create(url);
        String[] login = String.valueOf(uri.getRawUserInfo()).split(":", 2);
        String database = decoded(uri.getRawPath().substring(1));
        Map<String, String> environment = new HashMap<>();
        environment.put("PGHOST", uri.getHost());
        environment.put("PGPORT", Integer.toString(uri.getPort() < 0 ? PORT_DEFAULT : uri.getPort()));
        environment.put("PGUSER", decoded(login[0]));
        environment.put("PGPASSWORD", login.length > 1 ? decoded(login[1]) : "");
        environment.put("PGDATABASE", database);
        return new DbConnection(database, environment);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
