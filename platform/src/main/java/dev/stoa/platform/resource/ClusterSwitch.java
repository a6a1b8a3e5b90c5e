package dev.stoa.platform.resource;

import java.io.IOException;

/** The cluster of a database gives its place to another, whose backups have a place of their own. */
@FunctionalInterface
interface ClusterSwitch {
    /** @param finish archives everything that the present cluster has, and notes that its backups are kept */
    ResourceSpec run(BackupPlace another, Finish finish) throws IOException;

    /** What has to be done last with the present cluster, while its server runs. */
    @FunctionalInterface
    interface Finish {
        void run() throws IOException;
    }
}
