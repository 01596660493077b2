import sys,time,re
from jupyter_client.manager import KernelManager
ANSI=re.compile(r'\x1b\[[0-9;]*m')
km=KernelManager()
km._kernel_spec=None
from jupyter_client.kernelspec import KernelSpec
km._kernel_spec=KernelSpec(argv=['./target/release/async-notebook-kernel','run','--connection-file','{connection_file}'],language='rust',display_name='x')

import os
km.start_kernel(cwd='./notebooks', env=dict(os.environ, RUST_LOG=os.environ.get('RUST_LOG','warn')))
kc=km.client(); kc.start_channels(); kc.wait_for_ready(timeout=120)
cells=open(sys.argv[1]).read().split('\n---\n')
for i,c in enumerate(cells):
    stdin=None
    m=re.match(r'//stdin:(.*)\n',c)
    t=time.time()
    mid=kc.execute(c, allow_stdin=bool(m))
    out=[]
    while True:
        try: msg=kc.get_iopub_msg(timeout=0.2)
        except Exception:
            try:
                q=kc.get_stdin_msg(timeout=0.01); out.append('<asked>'); kc.input(m.group(1) if m else 'x')
            except Exception: pass
            if time.time()-t>float(os.environ.get('LIMIT','90')): out.append('TIMEOUT'); km.interrupt_kernel(); break
            continue
        if msg['parent_header'].get('msg_id')!=mid: continue
        ty=msg['msg_type']; ct=msg['content']
        if ty=='stream': out.append(ct['name'][3:]+':'+ct['text'])
        elif ty in('execute_result','display_data'): out.append('=> '+ct['data'].get('text/plain','?')[:300])
        elif ty=='error': out.append('ERR '+ct['ename']+': '+ct['evalue']+'\n'+'\n'.join(ct['traceback']))
        elif ty=='status' and ct['execution_state']=='idle': break
    print(f'[{i+1}] {time.time()-t:.2f}s | {c[:70]!r}'); print('    '+ANSI.sub('',''.join(out)).replace('\n','\n    '))
kc.stop_channels(); km.shutdown_kernel(now=True)
