# ruff: noqa: E501 - cells as somebody would type them
"""A notebook that does what notebooks do to a kernel, for comparing two ways of running it."""

from __future__ import annotations

CELLS = [
    # streams: Python, a subprocess, a C library, and their order; who writes at the same moment has none in any kernel
    "import os, sys, subprocess, time\n"
    "def told(write):\n    write(); sys.stdout.flush(); time.sleep(0.3)\n"
    "told(lambda: print('one')); told(lambda: os.system('echo two')); told(lambda: print('three'))\n"
    "told(lambda: subprocess.run(['echo', 'four']))\nos.write(1, b'five\\n')",
    "print('to error', file=sys.stderr)",
    "subprocess.run(['sh', '-c', 'echo from a subprocess >&2'])",
    "print('progress 1\\rprogress 2\\rdone'); print('abc\\b\\bx')\nsys.stdout.write('no newline')",
    "1 + 1",
    "_ * 20, _3",
    "None",
    "x = 5; x;",
    # magics
    "%%capture held\nprint('captured')",
    "held.stdout",
    "%%bash\necho from bash\necho $0",
    "!echo shell {x}",
    "files = !printf 'a\\nb'\nfiles",
    "%time total = sum(range(10))\n",
    "%%writefile scratch.txt\nhello",
    "%cat scratch.txt\n",
    "%who_ls",
    "%pwd",
    "%store x\ndel x\n%store -r x\nx",
    "%matplotlib inline",
    "%config InlineBackend.figure_format = 'svg'",
    "%%html\n<b>bold</b>",
    "%precision 2\n",
    "3.14159",
    "%precision %r\n",
    # rich display
    "from IPython.display import HTML, JSON, Image, Markdown, Math, SVG, clear_output, display, update_display\n"
    "display(HTML('<i>i</i>'), Markdown('**m**'), Math('x^2')); JSON({'a': [1, None]})",
    "shown = display('first', display_id='one'); display('second', display_id=True).update('third')",
    "update_display('changed later', display_id='one')",
    "print('gone'); clear_output(); print('stays')",
    "print('gone, too'); clear_output(wait=True); print('after')",
    "display({'text/plain': 'raw', 'application/x-own+json': {'a': 1}}, raw=True, metadata={'k': 'v'})",
    "class Rich:\n    def _repr_html_(self):\n        return '<u>u</u>'\n    def __repr__(self):\n        return 'Rich'\nRich()",
    "class Bad:\n    def _repr_html_(self):\n        raise ValueError('bad repr')\n    def __repr__(self):\n        return 'Bad'\nBad()",
    # frames and plots
    "import numpy as np, pandas as pd\nframe = pd.DataFrame({f'c{i}': np.arange(70) * i for i in range(25)})\nframe",
    "print(frame.to_string()[:300]); print(frame)\npd.get_option('display.max_columns'), pd.get_option('display.width')",
    "frame.info()",
    "import matplotlib, matplotlib.pyplot as plt\nmatplotlib.rcParams['svg.hashsalt'] = 'x'\n"
    "figure, axes = plt.subplots(figsize=(2, 1)); axes.plot([1, 2]); axes.set_title('t')",
    "plt.plot([3, 1]); plt.show(); print('below')\nplt.get_backend(), matplotlib.get_backend()",
    "%config InlineBackend.figure_format = 'png'\nplt.figure(figsize=(1, 1)); plt.bar([1], [2]);",
    "import seaborn as sns\nsns.histplot(np.random.default_rng(1).normal(size=50))\nplt.gcf().number",
    "frame.style.format('{:.1f}').set_uuid('fixed') if hasattr(frame, 'style') else None",
    # chance, names, modules
    "import random\nrandom.random(), np.random.rand(), hash('text'), sorted({'b', 'a', 'c'}, key=hash)",
    "__name__, sys.modules['__main__'].x, sys.path[0], os.getcwd() == os.path.realpath('.'), sys.flags.hash_randomization",
    "import pickle\nclass Held:\n    def __init__(self):\n        self.a = 1\npickle.loads(pickle.dumps(Held())).a",
    "sorted(k for k in os.environ if not k.startswith(('IPYTHON', 'JUPYTER', 'JPY', 'PYDEVD', 'COV', 'PYTEST')))",
    "{k: os.environ[k] for k in ('TZ', 'OMP_NUM_THREADS', 'PYTHONHASHSEED', 'MPLBACKEND', 'TERM', 'PAGER')}",
    "import signal\nsignal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD)",
    "type(get_ipython()).__name__, type(sys.stdout).__mro__[-5:][0].__name__, sys.stdout.isatty(), sys.stdout.encoding",
    "hasattr(get_ipython(), 'kernel'), get_ipython().execution_count, 'IPKernelApp' in get_ipython().config",
    # asynchronous cells
    "import asyncio\nawait asyncio.sleep(0.01)\nasyncio.get_running_loop().is_running()",
    "async def later():\n    await asyncio.sleep(0.02)\n    print('from a task')\n    return 7\ntask = asyncio.create_task(later())",
    "await task",
    # threads and processes
    "from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\n"
    "list(ThreadPoolExecutor(2).map(lambda v: v * 2, range(3)))",
    "import multiprocessing\ndef double(v):\n    return v * 2\n"
    "with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('fork')) as pool:\n    print(list(pool.map(double, [1, 2])))",
    "from sklearn.cluster import KMeans\nKMeans(2, random_state=0, n_init=1).fit(np.array([[0.0], [1], [9], [10]])).labels_.tolist()",
    "np.linalg.svd(np.arange(9.0).reshape(3, 3))[1].round(6)",
    "import pyarrow as pa, pyarrow.compute as pc\npc.sum(pa.array(range(100000))).as_py()",
    # warnings, logs, errors
    "import warnings\nwarnings.warn('look out')\nwarnings.warn('again', DeprecationWarning)",
    "import logging\nlogging.getLogger('mine').warning('logged')",
    "from IPython import get_ipython as g\ng() is get_ipython()",
    "import sys, threading\nwriters = [threading.Thread(target=lambda: [(sys.stdout.write('x\\n'), sys.stdout.flush()) for _ in range(50)]) for _ in range(4)]\n"
    "for writer in writers:\n    writer.start()\nfor writer in writers:\n    writer.join()",
    # modules of this package, imported in odd ways, and which of them the record names
    "import importlib, importlib.util\nimportlib.util.find_spec('analysis.methods.survival') is not None",
    "import analysis.methods.shares\ndel sys.modules['analysis.methods.shares']\nimport analysis.methods.shares\n"
    "importlib.reload(importlib.import_module('analysis.methods.rates')).__name__",
    "try:\n    import analysis.nothing_of_that_name\nexcept ImportError as error:\n    print(error)",
    "from analysis.report import recording\nrecording.imported_modules()",
    # cells are counted anew
    "%reset -f",
    "1",
    "2",
]

FAILING = {
    "an exception": "def f(n):\n    return 1 / n\nf(0)",
    "a chain": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no a') from e",
    "a syntax error": "x = = 1",
    "an indentation error": "if True:\nx = 1",
    "an assertion": "assert 1 == 2, 'not equal'",
    "input": "name = input('who? ')",
    "a group": "raise ExceptionGroup('several', [ValueError('a'), TypeError('b')])",
    "an interrupt": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(10**7):\n    pass",
    "a system exit": "import sys\nsys.exit('bye')",
    "a name that is missing": "undefined_name",
    "an unknown magic": "%no_such_magic",
    "an extension that is missing": "%load_ext nothing_of_that_name",
    "a failed bash cell": "%%bash\nexit 3",
    "an error in pandas": "import pandas as pd\npd.DataFrame({'a': [1]})['b']",
    "an awaited error": "import asyncio\nasync def f():\n    raise LookupError('later')\nawait f()",
}
