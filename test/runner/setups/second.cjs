exports.setupRunner = (runner) => console.log(`second, ${runner.name}`);
