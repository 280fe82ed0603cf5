// Tells the package where its native half is. Imported before the package.

process.env.FOREBAY_NATIVE = process.argv[2];
