package dev.stoa.platform.control;

import dev.stoa.platform.base.Secrets;
import org.jdbi.v3.core.Jdbi;

/** Everything that the platform remembers. */
public record Stores(
        AppStore apps,
        ConfigStore configs,
        ReleaseStore releases,
        RolloutStore rollouts,
        InstanceStore instances,
        DeployStore deploys,
        GitStore git,
        CronStore crons,
        SetupStore setups,
        RunStore runs,
        ResourceStore resources,
        ArchiveStore archives,
        EdgeStore edges,
        CertificateStore certificates) {

    public static Stores of(Jdbi jdbi, Secrets secrets) {
        return new Stores(
                new AppStore(jdbi),
                new ConfigStore(jdbi, secrets),
                new ReleaseStore(jdbi, secrets),
                new RolloutStore(jdbi),
                new InstanceStore(jdbi),
                new DeployStore(jdbi),
                new GitStore(jdbi, secrets),
                new CronStore(jdbi),
                new SetupStore(jdbi),
                new RunStore(jdbi),
                new ResourceStore(jdbi, secrets),
                new ArchiveStore(jdbi, secrets),
                new EdgeStore(jdbi),
                new CertificateStore(jdbi, secrets));
    }
}
