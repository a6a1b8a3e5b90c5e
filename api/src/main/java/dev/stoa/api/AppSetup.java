package dev.stoa.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an app asks for beyond its {@link Manifest}: config vars that it cannot be without, and commands around its
 * releases. From {@code app.json}, and what {@code .env.example} documents.
 *
 * @param required       by name of a config var that must have a value: what it is for, or an empty text
 * @param generated      config vars that get a random value when they have none
 * @param documented     config vars that the app knows
 * @param documentedIn   the file that names them; empty where there is none
 * @param postdeploy     runs once, after the app's first release serves
 * @param predeployEach  runs before each release takes traffic, and before its release command
 * @param postdeployEach runs after each deploy serves
 */
public record AppSetup(
        Map<String, String> required,
        List<String> generated,
        List<String> documented,
        String documentedIn,
        Optional<String> postdeploy,
        Optional<String> predeployEach,
        Optional<String> postdeployEach) {
    public static final AppSetup NONE =
            new AppSetup(Map.of(), List.of(), List.of(), "", Optional.empty(), Optional.empty(), Optional.empty());

    public AppSetup {
        required = Map.copyOf(required);
        generated = List.copyOf(generated);
        documented = List.copyOf(documented);
    }

    /** What is required and not among these names, with what it is for. */
    public SortedMap<String, String> missing(Set<String> present) {
        SortedMap<String, String> missing = new TreeMap<>(required);
        missing.keySet().removeAll(present);
        return missing;
    }
}
