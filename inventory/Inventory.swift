// Puts the SQL of this folder into the binary. The only Swift here: a new migration needs its line below, and a test
// holds this list against the folder.

/// The migrations in order: name and SQL.
package let inventoryMigrations: [(name: String, sql: [UInt8])] = [
    ("m0001-region", PackageResources.m0001_region_sql),
    ("m0002-runs", PackageResources.m0002_runs_sql),
]
