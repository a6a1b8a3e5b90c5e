package dev.stoa.platform.control;

import dev.stoa.api.DomainName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.control.AppStore.AppRow;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which host names lead to which app, beyond the one that each app has by its name. */
final class Domains {
    private static final Pattern HOST_NAME =
            Pattern.compile("(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private final AppStore apps;
    private final Urls urls;

    Domains(Stores stores, Urls urls) {
        this.apps = stores.apps();
        this.urls = urls;
    }

    /** @throws StoaException if it is no host name, or leads to another app */
    void add(AppRow app, String domain) {
        check(app, domain);
        apps.addDomain(app.id(), DomainName.ascii(domain));
        // Another app may have been quicker.
        check(app, domain);
    }

    /**
     * Refuses a domain that the app cannot have.
     *
     * @throws StoaException if it is no host name, or leads to another app
     */
    void check(AppRow app, String domain) {
        String host = DomainName.ascii(domain);
        if (!HOST_NAME.matcher(host).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not a host name".formatted(domain),
                    "for example: stoa domains add shop.example.com");
        }
        if (host.endsWith("." + urls.domain())) {
            throw new StoaException(
                    ErrorCode.DOMAIN_TAKEN,
                    "the names below %s belong to the apps of these names".formatted(urls.domain()),
                    "deploy the app under that name instead");
        }
        Optional<AppRow> owner = apps.ownerOf(host).filter(row -> row.id() != app.id());
        if (owner.isPresent()) {
            String name = owner.get().name();
            throw new StoaException(
                    ErrorCode.DOMAIN_TAKEN,
                    "%s leads to the app %s already".formatted(host, name),
                    "remove it there first: stoa domains remove %s -a %s".formatted(host, name));
        }
    }

    void remove(AppRow app, String domain) {
        if (!apps.removeDomain(app.id(), DomainName.ascii(domain))) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "%s does not lead to %s".formatted(domain, app.name()),
                    "stoa domains -a %s lists those that do".formatted(app.name()));
        }
    }
}
